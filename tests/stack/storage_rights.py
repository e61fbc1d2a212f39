"""What each service's storage key may do, and that everything else is refused (by storage itself).

Use: check(url, {"processing": secret, "prediction": secret, "jupyterlab": secret}, root_secret).
Needs `minio`. Leaves only objects named proof/… and removes them with the root key at the end.
"""

import io
import itertools
import json
from urllib.parse import urlsplit

from minio import Minio, MinioAdmin
from minio.commonconfig import ENABLED
from minio.credentials import AssumeRoleProvider, StaticProvider
from minio.error import MinioAdminException, S3Error
from minio.versioningconfig import SUSPENDED, VersioningConfig

BUCKETS = ("raw", "processed", "models", "predictions", "notebooks")
ALL = {(deed, bucket) for deed in ("list", "read", "write", "delete") for bucket in BUCKETS}

MAY = {  # on the object proof/object
    "processing": {("list", b) for b in BUCKETS[:4]}
    | {("read", b) for b in BUCKETS[:4]}
    | {("write", "raw"), ("write", "processed"), ("write", "models")},
    "prediction": {("list", "models"), ("read", "models")},
    "jupyterlab": {("list", b) for b in BUCKETS}
    | {("read", b) for b in BUCKETS}
    | {("write", "notebooks"), ("delete", "notebooks")},
}
MAY_WRITE_BELOW = {  # folders of the predictions bucket
    "processing": {"batch", "merged", "truth"},
    "prediction": {"live", "outcomes"},
    "jupyterlab": set(),
}
MAY_DELETE_BELOW = {  # whoever merges deletes what was merged, and what is kept no longer
    "processing": {"live", "outcomes", "merged", "batch", "truth"},
    "prediction": set(),
    "jupyterlab": set(),
}
FOLDERS = ("live", "batch", "merged", "outcomes", "truth", "else")


def address(url):
    parts = urlsplit(url)
    return {"endpoint": parts.netloc, "secure": parts.scheme == "https"}


def client(url, user, secret):
    return Minio(**address(url), access_key=user, secret_key=secret, region="us-east-1")


def allowed(deed, *words, **named):
    """Return whether storage did it or refused; any other failure raises."""
    try:
        result = deed(*words, **named)
        list(result) if hasattr(result, "__next__") else getattr(result, "read", lambda: None)()
    except S3Error as error:
        if error.code == "AccessDenied":
            return False
        raise
    except MinioAdminException as error:
        if "AccessDenied" in str(error):
            return False
        raise
    return True


def put(storage, bucket, name):
    return storage.put_object(bucket_name=bucket, object_name=name, data=io.BytesIO(b"x"), length=1)


def remove(storage, name):
    return storage.remove_object(bucket_name="predictions", object_name=name)


def deeds(storage, bucket):
    name = "proof/object"
    yield "list", lambda: storage.list_objects(bucket_name=bucket, prefix="proof/")
    yield "read", lambda: storage.get_object(bucket_name=bucket, object_name=name)
    yield "write", lambda: put(storage, bucket, name)
    yield "delete", lambda: storage.remove_object(bucket_name=bucket, object_name=name)


def never(storage, admin, user, version):
    """Yield what no service may do, whatever its rights."""
    copy = {"bucket_name": "raw", "object_name": "proof/object"}
    yield "make a bucket", lambda: storage.make_bucket(bucket_name="proof-bucket")
    yield "remove a bucket", lambda: storage.remove_bucket(bucket_name="processed")
    yield "destroy a version of raw", lambda: storage.remove_object(**copy, version_id=version)
    yield (
        "stop versions",
        lambda: storage.set_bucket_versioning(
            bucket_name="raw", config=VersioningConfig(SUSPENDED)
        ),
    )
    yield "open a bucket", lambda: storage.set_bucket_policy(bucket_name="models", policy=PUBLIC)
    yield "remove lifecycle", lambda: storage.delete_bucket_lifecycle(bucket_name="notebooks")
    yield "add a user", lambda: admin.user_add(access_key="proofuser", secret_key="proofsecret")
    yield "change its own secret", lambda: admin.user_add(access_key=user, secret_key="proofsecret")
    yield "make a further key", lambda: admin.add_service_account()
    yield "list users", lambda: admin.user_list()
    yield "give itself rights", lambda: admin.policy_set(policy_name="readwrite", user=user)


def check_temporary_keys(url, user, secret):
    """The server gives them to every user; they open nothing, and so outlive no new secret."""
    key = AssumeRoleProvider(
        sts_endpoint=url, access_key=user, secret_key=secret, duration_seconds=31536000
    ).retrieve()
    temporary = Minio(
        **address(url),
        access_key=key.access_key,
        secret_key=key.secret_key,
        session_token=key.session_token,
        region="us-east-1",
    )
    wrong = [
        (deed, bucket)
        for bucket in BUCKETS
        for deed, act in deeds(temporary, bucket)
        if allowed(act)
    ]
    assert wrong == [], f"a temporary key of {user} may {wrong}"


PUBLIC = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": "arn:aws:s3:::models/*",
            }
        ],
    }
)


def check_service(url, user, secret, root):
    storage = client(url, user, secret)
    admin = MinioAdmin(**address(url), credentials=StaticProvider(user, secret))
    done = set()
    for bucket in BUCKETS:
        put(root, bucket, "proof/object")
        done |= {(deed, bucket) for deed, act in deeds(storage, bucket) if allowed(act)}
    assert done == MAY[user], (
        f"{user}: too much {sorted(done - MAY[user])}, too little {sorted(MAY[user] - done)}"
    )
    below = {
        folder for folder in FOLDERS if allowed(put, storage, "predictions", f"{folder}/proof")
    }
    assert below == MAY_WRITE_BELOW[user], f"{user} writes below predictions: {below}"
    below = {folder for folder in FOLDERS if allowed(remove, storage, f"{folder}/proof")}
    assert below == MAY_DELETE_BELOW[user], f"{user} deletes below predictions: {below}"
    version = put(root, "raw", "proof/object").version_id
    assert version, "raw keeps no versions"
    wrong = [name for name, act in never(storage, admin, user, version) if allowed(act)]
    assert wrong == [], f"{user} may {wrong}"


def check_strangers(url, services):
    """Hold that no key, a wrong secret and another service's secret get nothing."""
    nobody = Minio(**address(url), region="us-east-1")
    for bucket in BUCKETS:
        assert not any(allowed(act) for _, act in deeds(nobody, bucket)), bucket
    for user, (other, secret) in itertools.product(services, services.items()):
        if user != other:
            try:
                client(url, user, secret).list_buckets()
            except S3Error as error:
                assert error.code == "SignatureDoesNotMatch", error
            else:
                raise AssertionError(f"{user} signs in with the secret of {other}")


def clean(root):
    for bucket in BUCKETS:
        for prefix in ("proof/", *(f"{folder}/proof" for folder in FOLDERS)):
            for thing in root.list_objects(
                bucket_name=bucket, prefix=prefix, recursive=True, include_version=True
            ):
                root.remove_object(
                    bucket_name=bucket, object_name=thing.object_name, version_id=thing.version_id
                )


def check(url, services, root_secret):
    root = client(url, "root", root_secret)
    try:
        for bucket in ("raw", "models", "notebooks"):
            assert root.get_bucket_versioning(bucket_name=bucket).status == ENABLED, bucket
        for user, secret in services.items():
            check_service(url, user, secret, root)
            check_temporary_keys(url, user, secret)
        check_strangers(url, services)
    finally:
        clean(root)
