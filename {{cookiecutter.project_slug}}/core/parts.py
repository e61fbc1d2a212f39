"""The parts of a month's checked rows: an object for each raw file, or one for many of them.

A merged part holds the rows of several parts as they were, and says at its end whose they are. The
parts it was made of stay for a while beside it, for who is reading them; new readers pass over
them. Nothing is told by a merged part that its parts would not tell: rows come as their files came.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import accumulate
from pathlib import PurePosixPath
from typing import NamedTuple

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from obstore.store import ObjectStore

from core.layout import ROWS
from core.storage import names

DEPARTURE = "-departed.parquet"
"""The end of a part's name whose rows have left the month: they came again in another one."""

MERGED = "-merged-"
"""It stands in the name of a merged part, between the file that came first and a digest."""

HOLDS = "holds"
"""The name, at the end of a merged part, of what it says of itself."""

END_BYTES = 64 * 1024
"""So much of a Parquet object's end is fetched at first; the footer is seldom longer."""


class Holding(NamedTuple):
    """What a merged part holds: rows of each part by its name, and the objects in whose place."""

    rows: dict[str, int]
    replaced: list[str]


_HOLDINGS: dict[str, Holding] = {}
"""What was read before: a name has a digest of its holding, so it never holds anything else."""


def is_departure(part: str) -> bool:
    """Return whether the rows of a part have left its month."""
    return part.endswith(DEPARTURE)


def is_merged(part: str) -> bool:
    """Return whether a part holds the rows of several."""
    return MERGED in part


def parts(processed: ObjectStore, month: str = "") -> list[str]:
    """Return the objects that hold the rows of a month, such as `2013-01`, or of all months."""
    return standing(processed, names(processed, f"{ROWS}/month={month}" if month else ROWS))


def parts_by_month(processed: ObjectStore) -> dict[str, list[str]]:
    """Return all objects with rows of each month, oldest first; also those that were merged."""
    by_month: dict[str, list[str]] = {}
    for path in names(processed, ROWS):
        by_month.setdefault(PurePosixPath(path).parent.name.removeprefix("month="), []).append(path)
    return by_month


def standing(processed: ObjectStore, paths: Iterable[str]) -> list[str]:
    """Return these parts without those in whose place a merged one stands."""
    alike = defaultdict(list)
    for path in paths:
        alike[PurePosixPath(path).parent, is_departure(path)].append(path)
    several = [path for of_kind in alike.values() if len(of_kind) > 1 for path in of_kind]
    merged = _holdings(processed, filter(is_merged, several)).values()
    gone = {path for holding in merged for path in (*holding.rows, *holding.replaced)}
    return sorted(path for of_kind in alike.values() for path in of_kind if path not in gone)


def originals(processed: ObjectStore, paths: Iterable[str]) -> list[str]:
    """Return the names of the parts of which these were made, as they would be without merging."""
    paths = list(paths)
    merged = _holdings(processed, filter(is_merged, paths))
    of_each = (merged[path].rows if path in merged else [path] for path in paths)
    return sorted(name for names_of_one in of_each for name in names_of_one)


def slices(
    processed: ObjectStore, path: str, table: pl.DataFrame
) -> list[tuple[str, pl.DataFrame]]:
    """Return name and lines of each part of which this one was made; `table` has a line a row."""
    if not is_merged(path):
        return [(path, table)]
    rows = _holdings(processed, [path])[path].rows
    ends = accumulate(rows.values())
    return [(name, table[end - rows[name] : end]) for name, end in zip(rows, ends, strict=True)]


def as_they_came(processed: ObjectStore, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Put tables with a line for each row of these parts together, in the order of arrival."""
    pieces = [piece for path, table in tables.items() for piece in slices(processed, path, table)]
    return pl.concat(lines for _, lines in sorted(pieces, key=lambda piece: piece[0]))


def holding(processed: ObjectStore, path: str) -> Holding:
    """Return what a merged part holds."""
    return _holdings(processed, [path])[path]


def _holdings(processed: ObjectStore, paths: Iterable[str]) -> dict[str, Holding]:
    paths = list(paths)
    unknown = [path for path in paths if path not in _HOLDINGS]
    with ThreadPoolExecutor(8) as pool:
        _HOLDINGS.update(zip(unknown, pool.map(partial(_read, processed), unknown), strict=True))
    return {path: _HOLDINGS[path] for path in paths}


def _read(processed: ObjectStore, path: str) -> Holding:
    metadata = footer(processed, path).metadata or {}
    return Holding(*json.loads(metadata[HOLDS.encode()]))


def footer(store: ObjectStore, path: str) -> pq.FileMetaData:
    """Return what a Parquet object says of its rows and columns; only its end is fetched."""
    end = _end(store, path, END_BYTES)
    length = int.from_bytes(end[-8:-4], "little") + 8
    end = end if length <= len(end) else _end(store, path, length)
    return pq.read_metadata(pa.BufferReader(end[-length:]))


def _end(store: ObjectStore, path: str, length: int) -> bytes:
    return bytes(store.get(path, options={"range": {"suffix": length}}).bytes())
