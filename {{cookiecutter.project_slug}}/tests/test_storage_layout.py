"""The buckets are listed in two images, that of storage and that of the others: they must agree."""

from fnmatch import fnmatchcase

import pytest

from core import layout
from storage import rights


def writers(folder: layout.Folder) -> set[str]:
    """Return the services whose storage key may write an object into this folder."""
    path = f"arn:aws:s3:::{folder.bucket}/{folder}/object"
    return {
        service
        for service, granted in rights.SERVICES.items()
        if any(fnmatchcase(path, pattern) for pattern in writable(granted))
    }


def writable(granted: tuple[str, ...]) -> list[str]:
    """Return the patterns of what may be written with these rights."""
    statements = rights.policy(granted)["Statement"]
    allowed = [statement for statement in statements if "s3:PutObject" in statement["Action"]]
    return [pattern for statement in allowed for pattern in statement["Resource"]]


def test_both_lists_of_buckets_are_equal():
    assert tuple(layout.BUCKETS) == rights.BUCKETS


@pytest.mark.parametrize("folder", layout.FOLDERS)
def test_a_folder_is_written_by_the_service_it_names_and_by_no_other(folder):
    assert writers(folder) == {folder.writer}


def test_a_folder_is_in_a_bucket_that_exists():
    assert {folder.bucket for folder in layout.FOLDERS} <= layout.BUCKETS.keys()
