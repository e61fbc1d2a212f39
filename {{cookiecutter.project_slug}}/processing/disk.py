"""Shows what each bucket and folder takes, and how fast it grows: `python -m processing.disk`.

With the bytes and inodes that are free, it also says when they will be used up.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from core.layout import BUCKETS, FOLDERS
from core.storage import bucket, listed

WEEK = timedelta(days=7)

SEEN = [name for name in BUCKETS if name != "notebooks"]
"""The buckets that processing may read."""

INODES_AN_OBJECT = 2
"""Storage keeps an object as a file in a folder of its own."""


class Taken(NamedTuple):
    """What objects take, and how much of that was written in the last seven days."""

    objects: int = 0
    size: int = 0
    new_objects: int = 0
    new_size: int = 0

    def plus(self, other: "Taken") -> "Taken":
        return Taken(*map(sum, zip(self, other, strict=True)))


def taken(now: datetime | None = None) -> dict[str, Taken]:
    """Return what each part of the buckets takes, such as `processed/rows`."""
    week_ago = (now or datetime.now(UTC)) - WEEK
    parts: dict[str, Taken] = defaultdict(Taken)
    for name in SEEN:
        for item in listed(bucket(name), ""):
            is_new, size = item["last_modified"] > week_ago, item["size"]
            part = _part(name, item["path"])
            parts[part] = parts[part].plus(Taken(1, size, is_new, is_new * size))
    return dict(sorted(parts.items()))


def _part(bucket_name: str, path: str) -> str:
    """Return bucket and folder of an object; what lies in none of ours belongs to its bucket."""
    for folder in FOLDERS:
        if folder.bucket == bucket_name and f"{path}/".startswith(f"{folder}/"):
            return f"{bucket_name}/{folder}"
    return bucket_name


def table(parts: dict[str, Taken]) -> Iterator[str]:
    """Yield the lines of a table."""
    yield f"{'in storage':<28}{'objects':>12}{'MB':>12}{'new in 7 days':>16}{'MB':>12}"
    for name, part in (parts | {"together": _together(parts)}).items():
        sizes = f"{part.objects:>12,}{part.size / 1e6:>12,.1f}"
        yield f"{name:<28}{sizes}{part.new_objects:>16,}{part.new_size / 1e6:>12,.1f}"


def _together(parts: dict[str, Taken]) -> Taken:
    total = Taken()
    for part in parts.values():
        total = total.plus(part)
    return total


def forecast(parts: dict[str, Taken], free_bytes: int, free_inodes: int) -> Iterator[str]:
    """Yield when a disk is full at the rate of the last seven days, with nothing deleted."""
    new = _together(parts)
    for what, free, in_a_week in (
        ("bytes", free_bytes, new.new_size),
        ("inodes", free_inodes, new.new_objects * INODES_AN_OBJECT),
    ):
        days = free * WEEK.days / in_a_week if in_a_week else None
        when = "never" if days is None else f"in {days:,.0f} days"
        yield f"Of these objects alone, the disk's {what} are used up {when}, were none deleted."


def main(words: list[str]) -> None:
    """Show the table, and the forecast if it is known what is free."""
    parts = taken()
    print("\n".join(table(parts)))
    if len(words) == 2:
        print("\n".join(forecast(parts, *map(int, words))))


if __name__ == "__main__":
    main(sys.argv[1:])
