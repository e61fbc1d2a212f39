import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client }
  from "@aws-sdk/client-s3";
const [endpoint, accessKeyId, secretAccessKey, Key, Body] = process.argv.slice(2);
const credentials = { accessKeyId, secretAccessKey };
const s3 = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
const Bucket = "notebooks";
await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "clients/" }));
const { Body: back } = await s3.send(new GetObjectCommand({ Bucket, Key }));
console.log(JSON.stringify([Contents.map((one) => one.Key), await back.transformToString()]));
