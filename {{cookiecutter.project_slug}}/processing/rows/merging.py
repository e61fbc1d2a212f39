"""Merges the small parts of a month's rows, so that what reads a month reads few objects.

A merged part is written once, with its features before it, and what it was made of is deleted an
hour later, if it reads back as that: whenever this is cut short, each row stands in one part for
its readers, and the next merging goes on. The digest of a window is that of the parts as they came,
so merging makes no new candidate.
"""

import hashlib
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import obstore
import polars as pl
from obstore.store import ObjectStore

from core.layout import FILES, ROWS
from core.parts import (
    DEPARTURE,
    HOLDS,
    MERGED,
    as_they_came,
    footer,
    holding,
    is_departure,
    is_merged,
    slices,
    standing,
)
from core.quarantine import Quarantine
from core.storage import create, listed, names
from core.tables import COMPRESSION_LEVEL, read_parquet, write_parquet
from processing.rows.features import features_part, store_missing, with_features
from processing.rows.pieces import PART_ROWS
from processing.rows.raw import arrival_of, file_of

if TYPE_CHECKING:
    from obstore import ObjectMeta

MANY = 32
"""Small parts of so many files of a month are merged while further ones come."""

A_FEW = 4
"""So many are merged when the month is quiet, or a merged part of them is full."""

QUIET = timedelta(days=2)
"""A month is quiet when nothing has come for so long."""

FULL_BYTES = 4 * 2**20
"""Compressed bytes of a full part. In memory it has PART_ROWS rows at most."""

STAY = timedelta(hours=1)
"""What was merged stays for so long, because somebody may have listed it and not read it yet."""

MOST_AT_ONCE = 24
"""So many groups of parts one merging takes on; the rest is the next one's work."""


class Stored(NamedTuple):
    """The parts of one kind in one month, as they are listed, and which of them count."""

    items: "dict[str, ObjectMeta]"
    standing: list[str]


def merge(processed: ObjectStore, now: datetime | None = None) -> dict[str, int]:
    """Merge small parts, and delete what was merged before. Returns how many became how many."""
    now, quarantine = now or datetime.now(UTC), Quarantine(processed, ROWS)
    counts = {"parts": 0, "merged": 0, "deleted": 0}
    stored = list(_stored(processed))
    for merged, inputs in _replaced(processed, stored, now - STAY):
        with quarantine.catching(merged):
            counts["deleted"] += _delete(processed, merged, inputs)
    groups = [group for of_kind in stored for group in _groups(of_kind, now)]
    for group in islice(_usable(processed, groups), MOST_AT_ONCE):
        for together in _alike(processed, group):
            state = f"with {len(together)} parts"
            if len(together) > 1 and not quarantine.holds(together[0], state):
                with quarantine.catching(together[0], state):
                    _merge(processed, together)
                    counts["parts"] += len(together)
                    counts["merged"] += 1
    return counts


def _stored(processed: ObjectStore) -> Iterator[Stored]:
    """Yield the parts of each month and kind of which some may be merged or deleted."""
    by_kind: dict[tuple, dict[str, ObjectMeta]] = defaultdict(dict)
    for item in listed(processed, ROWS):
        path = item["path"]
        by_kind[PurePosixPath(path).parent, is_departure(path)][path] = item
    for items in by_kind.values():
        if len(items) >= A_FEW or _may_be_replaced(items):
            yield Stored(items, standing(processed, items))


def _may_be_replaced(items: "dict[str, ObjectMeta]") -> bool:
    """Return whether one was there before a merged one, which may stand in its place.

    Of a month at rest nothing was, and the ends of its merged parts need not be read.
    """
    merged = [item["last_modified"] for path, item in items.items() if is_merged(path)]
    others = [item["last_modified"] for path, item in items.items() if not is_merged(path)]
    return len(merged) > 1 or bool(merged and others and min(others) <= max(merged))


def _groups(stored: Stored, now: datetime) -> Iterator[list[str]]:
    """Yield the neighbours that are worth merging: many, or fewer that no further one will join.

    They are counted by the files they came from: parts of one file are as full as parts get.
    """
    groups, size = [[]], 0
    for path in stored.standing:
        of_one = stored.items[path]["size"]
        if groups[-1] and size + of_one > FULL_BYTES:
            groups.append([])
            size = 0
        groups[-1].append(path)
        size += of_one
    newest = max(arrival_of(file_of(path)) for path in stored.items)
    *full, last = groups
    yield from (group for group in full if _files(group) >= A_FEW)
    if _files(last) >= (A_FEW if newest < now - QUIET else MANY):
        yield last


def _files(parts: list[str]) -> int:
    return len(set(map(file_of, parts)))


def _usable(processed: ObjectStore, groups: list[list[str]]) -> Iterator[list[str]]:
    """Yield these groups without parts of files whose check was cut short, or without features."""
    if not groups:
        return
    store_missing(processed)
    checked = {PurePosixPath(path).stem for path in names(processed, FILES)}
    usable = set(with_features(processed, [path for group in groups for path in group]))
    for group in groups:
        yield [path for path in group if path in usable and _is_whole(path, checked)]


def _is_whole(path: str, checked: set[str]) -> bool:
    return is_merged(path) or file_of(path) in checked


def _alike(processed: ObjectStore, group: list[str]) -> Iterator[list[str]]:
    """Yield the parts of a group that have the same columns, as many as memory holds at once."""
    with ThreadPoolExecutor(8) as pool:
        footers = list(pool.map(partial(footer, processed), group))
    together, rows, columns = [], 0, None
    for path, of_one in zip(group, footers, strict=True):
        rows += of_one.num_rows
        if of_one.schema.to_arrow_schema() != columns or rows > PART_ROWS:
            yield together
            together, rows, columns = [], of_one.num_rows, of_one.schema.to_arrow_schema()
        together.append(path)
    yield together


def _merge(processed: ObjectStore, together: list[str]) -> None:
    """Store the features of these parts as one object, and then their rows."""
    tables = _tables(processed, together)
    pieces = [piece for path, table in tables.items() for piece in slices(processed, path, table)]
    rows = {name: len(lines) for name, lines in sorted(pieces, key=lambda piece: piece[0])}
    holds = json.dumps([rows, sorted(tables)])
    digest = hashlib.sha256(holds.encode()).hexdigest()[:12]
    first = next(iter(rows))
    end = DEPARTURE if is_departure(first) else ".parquet"
    path = f"{PurePosixPath(first).parent}/{file_of(first)}{MERGED}{digest}{end}"
    if not is_departure(first):
        features = _tables(processed, map(features_part, together))
        by_part = dict(zip(together, features.values(), strict=True))
        write_parquet(processed, features_part(path), as_they_came(processed, by_part))
    content = io.BytesIO()
    as_they_came(processed, tables).write_parquet(
        content,
        compression="zstd",
        compression_level=COMPRESSION_LEVEL,
        metadata={HOLDS: holds},
    )
    create(processed, path, content.getvalue())


def _tables(processed: ObjectStore, paths: Iterable[str]) -> dict[str, pl.DataFrame]:
    paths = list(paths)
    with ThreadPoolExecutor(8) as pool:
        return dict(zip(paths, pool.map(partial(read_parquet, processed), paths), strict=True))


def _replaced(
    processed: ObjectStore, of_kinds: list[Stored], before: datetime
) -> Iterator[tuple[str, list[str]]]:
    """Yield each merged part that is old enough, with the objects in whose place it stands."""
    for stored in of_kinds:
        if len(stored.standing) == len(stored.items):
            continue
        for path in filter(is_merged, stored.standing):
            held = holding(processed, path)
            there = stored.items.keys() & {*held.rows, *held.replaced}
            if there and stored.items[path]["last_modified"] < before:
                yield path, sorted(there)


def _delete(processed: ObjectStore, merged: str, inputs: list[str]) -> int:
    """Delete what a merged part was made of, if it holds that. Returns how many objects went.

    What does not is deleted itself, and its parts stand again.
    """
    now = dict(slices(processed, merged, read_parquet(processed, merged)))
    for path in inputs:
        for name, rows in slices(processed, path, read_parquet(processed, path)):
            if not rows.equals(now[name]):
                obstore.delete(processed, merged)
                raise ValueError(f"{merged} does not hold what its parts hold; they were kept.")
    there = names(processed, str(PurePosixPath(features_part(merged)).parent))
    features = sorted({*there}.intersection(map(features_part, inputs)))
    obstore.delete(processed, [*features, *inputs])
    return len(inputs)
