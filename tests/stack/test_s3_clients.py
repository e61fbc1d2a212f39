"""The S3 clients that people have, each as it comes, with a key that its owner makes for it."""

import io
import json
import shutil
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from conftest import leave_out
from minio import Minio
from running import run

JAVASCRIPT = Path(__file__).parent / "javascript"

NAME = "clients/visits of März+1 (new).csv"
ALL_OF_NOTEBOOKS = "notebooks:read,notebooks:write,notebooks:delete"
PARTS = b"0123456789abcdef" * 600_000
"""More than the 8 MB from which boto3 sends an object in several parts."""


def test_boto3_as_it_comes_writes_in_parts_lists_and_reads_by_a_link(stack):
    user = "boto"
    secret = stack.storage_key(user, ALL_OF_NOTEBOOKS)
    path_style = Config(s3={"addressing_style": "path"})
    names = {"aws_access_key_id": user, "aws_secret_access_key": secret}
    s3 = boto3.client(
        "s3", endpoint_url=stack.storage_url, region_name="us-east-1", config=path_style, **names
    )
    s3.upload_fileobj(io.BytesIO(PARTS), "notebooks", NAME)
    (listed,) = s3.list_objects_v2(Bucket="notebooks", Prefix="clients/")["Contents"]
    assert (listed["Key"], listed["Size"]) == (NAME, len(PARTS))
    assert s3.get_object(Bucket="notebooks", Key=NAME)["Body"].read() == PARTS
    link = s3.generate_presigned_url("get_object", Params={"Bucket": "notebooks", "Key": NAME})
    assert run("curl", "-sS", "-r", "0-15", link).stdout == PARTS[:16].decode()
    s3.delete_object(Bucket="notebooks", Key=NAME)
    with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
        s3.put_object(Bucket="raw", Key=NAME, Body=b"x")


def test_javascript_as_it_comes_writes_lists_and_reads(stack, tmp_path):
    if shutil.which("npm") is None:
        leave_out("npm is not installed, so the S3 client for JavaScript was not tried.")
    client = shutil.copytree(JAVASCRIPT, tmp_path / "client")
    installed = run("npm", "ci", "--no-audit", "--no-fund", cwd=client)
    assert installed.returncode == 0, installed.stdout
    user = "javascript"
    secret = stack.storage_key(user, ALL_OF_NOTEBOOKS)
    words = [stack.storage_url, user, secret, NAME, "1,2\n"]
    done = run("node", "--no-warnings", "write_list_and_read.mjs", *words, cwd=client)
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout) == [[NAME], "1,2\n"]


def test_minios_client_without_a_region_writes_with_a_key_that_may_only_write(stack):
    user = "writer"
    secret = stack.storage_key(user, "raw:write")
    client = Minio(stack.storage_url.removeprefix("http://"), user, secret, secure=False)
    mark = {"bucket_name": "raw", "object_name": "_a mark that is passed over"}
    client.put_object(**mark, data=io.BytesIO(b""), length=0)
