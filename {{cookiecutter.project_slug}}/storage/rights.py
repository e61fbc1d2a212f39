"""The rights of each service in storage, on one page; each has a user of its own name."""

from collections.abc import Iterable, Iterator

from core.retention import RAW_FILES

BUCKETS = ("raw", "processed", "models", "predictions", "notebooks")
VERSIONED = ("raw", "models", "notebooks")
"""Objects that are overwritten or deleted there can be restored."""

SERVICES = {
    "processing": (
        "raw:read",
        "raw:write",
        *(["raw:delete"] if RAW_FILES else []),
        "processed:read",
        "processed:write",
        "processed/rows:delete",
        "processed/features:delete",
        "processed/rejected:delete",
        "processed/runs:delete",
        "models:read",
        "models:write",
        "models/versions:delete",
        "predictions:read",
        "predictions/batch:write",
        "predictions/batch:delete",
        "predictions/merged:write",
        "predictions/merged:delete",
        "predictions/live:delete",
        "predictions/outcomes:delete",
        "predictions/truth:write",
        "predictions/truth:delete",
        "predictions/withdrawn:write",
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

ACTIONS = {
    "read": ["s3:GetObject"],
    "write": ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
    "delete": ["s3:DeleteObject"],
}

NO_KEYS_OF_ITS_OWN = (
    {"Effect": "Deny", "Action": ["admin:*"]},
    {
        "Effect": "Deny",
        "Action": ["s3:*"],
        "Resource": ["arn:aws:s3:::*"],
        "Condition": {"StringEquals": {"aws:principaltype": ["AssumedRole"]}},
    },
)
"""Without these a user can make itself further keys, which outlive a change of its secret.

The server gives everybody temporary keys (AssumeRole, for up to a year) and asks no policy first;
with the second rule they open nothing.
"""


def statements(right: str) -> Iterator[dict]:
    """Yield what `bucket:read` or `bucket/folder:write` allows. Deleting keeps older versions."""
    place, _, action = right.partition(":")
    bucket, _, folder = place.partition("/")
    objects = f"arn:aws:s3:::{bucket}/{folder}/*" if folder else f"arn:aws:s3:::{bucket}/*"
    yield {"Effect": "Allow", "Action": ACTIONS[action], "Resource": [objects]}
    # Some clients ask where a bucket is before they do anything with it.
    whole = ["s3:GetBucketLocation", *(["s3:ListBucket"] if action == "read" else [])]
    yield {"Effect": "Allow", "Action": whole, "Resource": [f"arn:aws:s3:::{bucket}"]}


def policy(rights: Iterable[str]) -> dict:
    """Return the S3 policy that allows these rights and nothing else."""
    allowed = [statement for right in rights for statement in statements(right)]
    return {"Version": "2012-10-17", "Statement": [*allowed, *NO_KEYS_OF_ITS_OWN]}
