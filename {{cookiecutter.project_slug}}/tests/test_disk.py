"""What the disk holds is counted once, in the right place, and the forecast follows from it."""

import os
from datetime import UTC, datetime, timedelta

from core.storage import create
from ops.disk import megabytes
from processing import disk


def test_each_object_counts_once_where_it_lies(storage):
    for bucket, path in (
        ("processed", "rows/month=2013-01/a.parquet"),
        ("processed", "drift.json"),
        ("processed", "else/where"),
        ("predictions", "merged/live/2013/01/01/00/a.parquet"),
        ("predictions", "truth/looked/2013/01/01/00"),
        ("raw", "deep/rows/a.csv"),
    ):
        create(storage(bucket), path, b"1234567890")
    old = storage("raw").prefix / "deep/rows/a.csv"
    time = (datetime.now(UTC) - timedelta(days=8)).timestamp()
    os.utime(old, (time, time))
    of_one = disk.Taken(1, 10, 1, 10)
    parts = disk.taken()
    assert parts == {
        "processed/rows": of_one,
        "processed/drift.json": of_one,
        "processed": of_one,
        "predictions/merged/live": of_one,
        "predictions/truth/looked": of_one,
        "raw": disk.Taken(1, 10, 0, 0),
    }
    assert next(line for line in disk.table(parts) if "together" in line).split()[1] == "6"


def test_the_forecast_is_by_bytes_and_by_inodes():
    parts = {"raw": disk.Taken(900, 10**9, 70, 700)}
    by_bytes, by_inodes = disk.forecast(parts, 10_000, 1_400)
    assert "bytes" in by_bytes and "in 100 days" in by_bytes
    assert "inodes" in by_inodes and "in 70 days" in by_inodes
    assert all("never" in line for line in disk.forecast({}, 1, 1))


def test_sizes_are_read_as_docker_writes_them():
    assert [megabytes(text) for text in ("1.5GB", "652.5kB", "0B", "N/A")] == [1500, 0.6525, 0, 0]
