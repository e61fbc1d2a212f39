"""Who may do what in storage, on one page; each service has a user of its own name."""

BUCKETS = ("raw", "processed", "models", "predictions", "notebooks")
VERSIONED = (
    "raw",
    "models",
    "notebooks",
)  # what is overwritten or deleted there can be brought back

SERVICES = {
    "processing": (
        "raw:read",
        "raw:write",
        "processed:read",
        "processed:write",
        "models:read",
        "models:write",
        "predictions:read",
        "predictions/batch:write",
        "predictions/truth:write",
    ),
    "prediction": (
        "models:read",
        "predictions/live:write",
        "predictions/outcomes:write",
    ),
    "jupyterlab": (
        "raw:read",
        "processed:read",
        "models:read",
        "predictions:read",
        "notebooks:read",
        "notebooks:write",
        "notebooks:delete",
    ),
}

ON_OBJECTS = {
    "read": ["s3:GetObject"],
    "write": ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
    "delete": ["s3:DeleteObject"],
}

# Without this a user may make itself further keys, which outlive a change of its secret.
NO_KEYS_OF_ITS_OWN = {"Effect": "Deny", "Action": ["admin:*"]}


def statements(right: str):
    """What `bucket:read` or `bucket/folder:write` allows. Deleting removes no older version."""
    place, _, deed = right.partition(":")
    bucket, _, folder = place.partition("/")
    objects = f"arn:aws:s3:::{bucket}/{folder}/*" if folder else f"arn:aws:s3:::{bucket}/*"
    yield {"Effect": "Allow", "Action": ON_OBJECTS[deed], "Resource": [objects]}
    if deed == "read":
        actions = ["s3:GetBucketLocation", "s3:ListBucket"]
        yield {"Effect": "Allow", "Action": actions, "Resource": [f"arn:aws:s3:::{bucket}"]}


def policy(rights) -> dict:
    """The S3 policy that allows these rights and nothing else."""
    allowed = [statement for right in rights for statement in statements(right)]
    return {"Version": "2012-10-17", "Statement": [*allowed, NO_KEYS_OF_ITS_OWN]}
