"""What is too old goes from the real storage, by processing's own rights, and nothing else does."""

import io
from datetime import UTC, datetime, timedelta

import storage_rights

DAY = "%Y/%m/%d"

KEPT_FOR_EVER = (
    ("models", "promotions/99999999.txt"),
    ("models", "verdicts/proof"),
    ("processed", "files/proof"),
    ("raw", "proof"),
    ("predictions", "withdrawn/proof"),
)


def root_of(stack):
    address = f"http://{stack.address('storage')}:9000"
    return storage_rights.client(address, "root", stack.settings["STORAGE_ROOT_PASSWORD"])


def everything(storage) -> set[tuple[str, str]]:
    return {
        (name, item.object_name)
        for name in storage_rights.BUCKETS
        for item in storage.list_objects(bucket_name=name, recursive=True)
    }


def put(storage, bucket: str, name: str) -> tuple[str, str]:
    storage.put_object(bucket_name=bucket, object_name=name, data=io.BytesIO(b"{}"), length=2)
    return bucket, name


def test_an_old_answer_goes_at_night_and_nothing_else(stack):
    storage, now = root_of(stack), datetime.now(UTC)
    young = put(storage, "predictions", f"live/{now - timedelta(days=399):{DAY}}/09/proof.jsonl")
    old = put(storage, "predictions", f"live/{now - timedelta(days=401):{DAY}}/09/proof.jsonl")
    try:
        before = everything(storage)
        shown = stack.make("retention").stdout
        assert "answers and outcomes" in shown and everything(storage) >= {old, young}
        said = stack.inside(
            "processing", "from processing.retention import delete_old; print(delete_old())"
        )
        assert "problem" not in said, said
        assert before - everything(storage) == {old}
    finally:
        for bucket, name in (old, young):
            storage.remove_object(bucket_name=bucket, object_name=name)


def test_processing_may_delete_nothing_that_is_kept_for_ever(stack):
    address = f"http://{stack.address('storage')}:9000"
    secret = stack.settings["PROCESSING_STORAGE_SECRET"]
    processing = storage_rights.client(address, "processing", secret)
    for bucket, name in KEPT_FOR_EVER:
        assert not storage_rights.allowed(
            lambda bucket=bucket, name=name: processing.remove_object(
                bucket_name=bucket, object_name=name
            )
        ), (bucket, name)
    assert storage_rights.allowed(
        lambda: processing.remove_object(bucket_name="processed", object_name="rows/proof")
    )


def test_replaced_versions_expire_by_storages_own_rule(stack):
    for bucket, days in (("raw", 90), ("models", 90), ("notebooks", 30)):
        (rule,) = root_of(stack).get_bucket_lifecycle(bucket_name=bucket).rules
        assert rule.noncurrent_version_expiration.noncurrent_days == days, bucket
        assert rule.expiration.expired_object_delete_marker and not rule.expiration.days


def test_the_disk_is_shown_by_part_with_what_is_free(stack):
    shown = stack.make("disk").stdout
    for part in ("processed/rows", "raw", "volume storage", "volume database", "images", "inodes"):
        assert part in shown, part
