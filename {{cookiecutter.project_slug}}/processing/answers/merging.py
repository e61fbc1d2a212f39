"""Merges what prediction stored in an hour, an object every few seconds, into one Parquet object.

So the number of objects grows with the hours, whatever the traffic. A merged object holds each line
as it was, with the name of the object that it stood in. It is never overwritten, and the originals
are deleted only after it was read back: whenever this is cut short, each line is in an original or
in a merged object that names it, and the next merging finishes the rest.
"""

import hashlib
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import NamedTuple

import obstore
import polars as pl
from obstore.store import ObjectStore

from core.answers import hour_folder
from core.layout import (
    ANSWERS,
    ANSWERS_BY_HOUR,
    ANSWERS_MERGED,
    REPORTS,
    REPORTS_BY_HOUR,
    REPORTS_MERGED,
    Folder,
)
from core.quarantine import Quarantine
from core.storage import bucket, create, listed, names, read
from core.tables import read_parquet
from processing.answers.hourly import AN_HOUR, read_table
from processing.answers.turns import turn

QUIET = timedelta(hours=3)
"""An hour is merged when it ended so long ago; objects that come later are merged by themselves."""

MOST_AT_ONCE = 24
"""Objects of each kind that one merging makes; the rest is the next one's work."""

MOST_BYTES = 64 * 2**20
"""Bytes of originals in one merged object, because memory holds them."""

COLUMNS = {"object": pl.String, "line": pl.Binary}


class Kind(NamedTuple):
    """Where lines of a kind are stored, where they are merged, and which tables have taken them."""

    lines: Folder
    merged: Folder
    tables: Folder


GIVEN = Kind(ANSWERS, ANSWERS_MERGED, ANSWERS_BY_HOUR)
REPORTED = Kind(REPORTS, REPORTS_MERGED, REPORTS_BY_HOUR)


def merge(now: datetime | None = None) -> dict[str, int]:
    """Merge the hours that are over. Returns how many objects became how many."""
    predictions, now = bucket("predictions"), now or datetime.now(UTC)
    counts = {"objects": 0, "merged": 0}
    with turn("truth"):
        for kind in (GIVEN, REPORTED):
            quarantine = Quarantine(bucket("processed"), kind.merged)
            for path, originals in islice(_work(predictions, kind, now), MOST_AT_ONCE):
                if quarantine.holds(path):
                    continue
                with quarantine.catching(path):
                    _merge(predictions, path, originals)
                    counts["objects"] += len(originals)
                    counts["merged"] += 1
    return counts


def _work(predictions: ObjectStore, kind: Kind, now: datetime) -> Iterator[tuple[str, list[str]]]:
    """Yield the path of each merged object that is to be, with the objects that it will hold."""
    for hour in _hours(predictions, kind.lines):
        if hour < hour_folder(now - QUIET):
            _delete_merged(predictions, kind, hour)
            for originals in _portions(predictions, kind, hour):
                digest = hashlib.sha256(json.dumps(originals).encode()).hexdigest()[:16]
                yield f"{kind.merged}/{hour}/{digest}.parquet", originals


def lines(predictions: ObjectStore, kind: Kind, span: str) -> Iterator[bytes]:
    """Yield each line of an hour or day once, wherever it is stored; none moves meanwhile."""
    with turn("truth"):
        merged = set()
        for path in names(predictions, f"{kind.merged}/{span}"):
            table = read_parquet(predictions, path)
            merged |= {*table["object"]}
            yield from table["line"]
        for path in names(predictions, f"{kind.lines}/{span}"):
            if path not in merged:
                yield from read(predictions, path).splitlines()


def _hours(predictions: ObjectStore, folder: Folder) -> Iterator[str]:
    """Yield the hours that have objects, oldest first; years, months and days are asked in turn."""
    prefixes = [str(folder)]
    for _ in ("years", "months", "days", "hours"):
        below = (obstore.list_with_delimiter(predictions, prefix) for prefix in prefixes)
        prefixes = sorted(prefix for found in below for prefix in found["common_prefixes"])
    hours = (prefix.removeprefix(f"{folder}/").rstrip("/") for prefix in prefixes)
    return (hour for hour in hours if AN_HOUR.fullmatch(hour))


def _delete_merged(predictions: ObjectStore, kind: Kind, hour: str) -> None:
    """Delete originals that a merging which was cut short has left beside its object."""
    there = set(names(predictions, f"{kind.lines}/{hour}"))
    for path in names(predictions, f"{kind.merged}/{hour}"):
        stored = read_parquet(predictions, path)
        left = sorted(there.intersection(stored["object"]))
        if left and _table(predictions, left).equals(stored.filter(pl.col("object").is_in(left))):
            obstore.delete(predictions, left)


def _portions(predictions: ObjectStore, kind: Kind, hour: str) -> Iterator[list[str]]:
    """Yield the objects of an hour that the join has taken in, as many as memory holds at once."""
    joined = read_table(predictions, f"{kind.tables}/{hour}.parquet", {"object": pl.String})
    taken_in = {*joined["object"]}
    objects = [
        item for item in listed(predictions, f"{kind.lines}/{hour}") if item["path"] in taken_in
    ]
    portion, size = [], 0
    for item in sorted(objects, key=lambda item: item["path"]):
        if portion and size + item["size"] > MOST_BYTES:
            yield portion
            portion, size = [], 0
        portion.append(item["path"])
        size += item["size"]
    if portion:
        yield portion


def _merge(predictions: ObjectStore, path: str, originals: list[str]) -> None:
    """Store the lines of these objects as one, and delete them once it was read back."""
    table, content = _table(predictions, originals), io.BytesIO()
    table.write_parquet(content, compression="zstd")
    create(predictions, path, content.getvalue())
    if not _holds(predictions, path, table):
        obstore.delete(predictions, path)
        raise ValueError(f"{path} did not hold what its originals hold; they were kept.")
    obstore.delete(predictions, originals)


def _holds(predictions: ObjectStore, path: str, table: pl.DataFrame) -> bool:
    try:
        return read_parquet(predictions, path).equals(table)
    except pl.exceptions.PolarsError:
        return False


def _table(predictions: ObjectStore, originals: list[str]) -> pl.DataFrame:
    with ThreadPoolExecutor(8) as pool:
        contents = list(pool.map(partial(read, predictions), originals))
    rows = [
        {"object": name, "line": line}
        for name, content in zip(originals, contents, strict=True)
        for line in content.splitlines() or [b""]
    ]
    return pl.DataFrame(rows, schema=COLUMNS)
