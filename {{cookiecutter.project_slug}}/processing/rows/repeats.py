"""Rows that came before: twice in a file, or in another file that is stored already.

Rows without a key are told by all that they hold. Equal ones in one file are as many rows; in
another file as many again are known already, and only more of them are new.

They are told by 64-bit hashes of keys and contents, because an index of hashes fits into memory
where the rows may not. Among three million rows, two different ones share a hash in one of four
million files.
"""

from collections.abc import Callable, Iterator

import polars as pl
from obstore.store import ObjectStore

from core.parts import as_they_came, is_departure
from core.schema import KEY_PARTS, OUTCOME
from core.tables import (
    ROW_COLUMNS,
    TIME,
    column_statistics,
    key_expressions,
    lacks_key,
    read_parquet,
)
from model.schema import KEY
from processing.rows.contract import ROW

CONTENT = [name for name in ROW_COLUMNS if name != "arrived" and name not in KEY]
"""What may differ between two rows of one key."""

SAME = "the same row twice in one file"
CHANGED = "two versions of one row in one file: the later one is used"
CONTRADICTION = "two outcomes of one row in one file: the later one is used"
KNOWN = "known already"

MAY_MOVE = bool(KEY_PARTS) and TIME not in {"arrived", *(part.column for part in KEY_PARTS)}
"""Whether a row may come again in another month: not if its time is a part of its key."""


def index(rows: pl.DataFrame) -> pl.DataFrame:
    """Return for each row the hashes of its key and content, and whether its outcome is missing.

    A row is `nameless` if it has no whole key.
    """
    return pl.DataFrame(
        {
            "key": rows.select(key_expressions()).hash_rows(),
            "content": rows.select(CONTENT).hash_rows(),
            "blank": rows[OUTCOME].is_null(),
            "nameless": rows.with_columns(nameless=lacks_key())["nameless"],
        }
    )


def told_apart(lines: pl.DataFrame) -> pl.DataFrame:
    """Give each of several equal rows without a key a `key` of its own: the first, the second …"""
    if lines["key"].n_unique() == len(lines):
        return lines
    copy = pl.int_range(pl.len()).over("key")
    further = pl.col("nameless") & (copy > 0)
    own = pl.when(further).then(pl.struct("key", copy=copy).hash()).otherwise("key")
    return lines.with_columns(key=own)


def within_file(
    lines: pl.DataFrame, outcomes_of: Callable[[pl.Series], pl.DataFrame]
) -> dict[str, pl.Series]:
    """Return ROW of the lines whose key stands in the file again, by the reason why not to use.

    As between files, the last one that has an outcome counts. `outcomes_of` returns ROW and outcome
    of some rows: hashing all outcomes would cost each clean file a tenth of its time.
    """
    if lines["nameless"].any():
        lines = lines.filter(~pl.col("nameless"))
    if lines["key"].n_unique() == len(lines):
        return {}
    stays = lines.sort(~pl.col("blank"), ROW).unique("key", keep="last")
    others = lines.join(stays, on=ROW, how="anti").join(stays, on="key", suffix="_stays")
    outcomes = outcomes_of(pl.concat([others[ROW], others[f"{ROW}_stays"]]).unique())
    both = others.join(outcomes, on=ROW).join(
        outcomes, left_on=f"{ROW}_stays", right_on=ROW, suffix="_stays"
    )
    contradicts = ~pl.col("blank") & (pl.col(OUTCOME) != pl.col(f"{OUTCOME}_stays"))
    same = pl.col("blank") | (pl.col("content") == pl.col("content_stays"))
    reason = pl.when(contradicts).then(pl.lit(CONTRADICTION)).when(same).then(pl.lit(SAME))
    by_reason = both.with_columns(reason=reason.otherwise(pl.lit(CHANGED))).group_by("reason")
    return {str(reason): rows[ROW] for (reason,), rows in by_reason}


def newest_places(processed: ObjectStore, parts: list[str]) -> pl.DataFrame:
    """Return where the newest version of each row of a month stands, and whether it is `blank`.

    `part` is the number of a part and `place` the row's in it. Read part by part, so that memory
    holds the hashes of a month and not its rows.
    """
    places = {part: _places(processed, part, number) for number, part in enumerate(parts)}
    lines = told_apart(as_they_came(processed, places))
    if lines["key"].n_unique() < len(lines):
        lines = lines.unique("key", keep="last", maintain_order=True)
    return lines.filter(~pl.col("left")).drop("key", "left", "nameless")


def _places(processed: ObjectStore, part: str, number: int) -> pl.DataFrame:
    lines = _stored_index(processed, part).select("key", "blank", "left", "nameless")
    return lines.with_columns(
        part=pl.lit(number, pl.UInt32), place=pl.int_range(pl.len(), dtype=pl.UInt32)
    )


def _stored_index(processed: ObjectStore, part: str) -> pl.DataFrame:
    """Return the index of a part; rows that have `left` came again in another month."""
    lines = index(read_parquet(processed, part, ROW_COLUMNS))
    return lines.with_columns(left=pl.lit(is_departure(part)))


def newest_rows(
    processed: ObjectStore, parts: list[str], columns: list[str]
) -> Iterator[pl.DataFrame]:
    """Yield some columns of the newest version of each row of a month, part by part."""
    places = newest_places(processed, parts)
    for number, part in enumerate(parts):
        yield read_parquet(processed, part, columns)[places.filter(part=number)["place"]]


def without_news(lines: pl.DataFrame, processed: ObjectStore, parts: list[str]) -> pl.Series:
    """Return ROW of the lines that add nothing to stored parts of their month.

    A missing outcome adds nothing to one that is stored.
    """
    if not parts:
        return lines[ROW].clear()
    met = _met(lines, processed, parts)
    same = pl.col("content") == pl.col("content_stored")
    return met.filter(same | _is_poorer())[ROW]


def moved(
    lines: pl.DataFrame, processed: ObjectStore, parts: list[str]
) -> tuple[pl.Series, pl.Series]:
    """Return ROW of the lines that come again here from another month, whose parts these are.

    Second, ROW of those that add nothing, because only the stored row has an outcome.
    """
    met = _met(lines, processed, parts)
    return met.filter(~_is_poorer())[ROW], met.filter(_is_poorer())[ROW]


def _met(lines: pl.DataFrame, processed: ObjectStore, parts: list[str]) -> pl.DataFrame:
    """Return the lines whose keys are stored in these parts, with what is stored."""
    indexes = {part: _stored_index(processed, part) for part in parts}
    stored = told_apart(as_they_came(processed, indexes))
    newest = stored.unique("key", keep="last", maintain_order=True).filter(~pl.col("left"))
    return told_apart(lines).join(newest, on="key", suffix="_stored")


def _is_poorer() -> pl.Expr:
    return pl.col("blank") & ~pl.col("blank_stored")


def may_hold(processed: ObjectStore, part: str, keys: pl.DataFrame) -> bool:
    """Return whether a stored part may hold one of some keys, by the least and greatest in it.

    Where keys are numbers that grow, parts of old months need not be read.
    """
    column = KEY_PARTS[0].column
    groups = column_statistics(processed, part, column)
    if not all(group is not None and group.has_min_max for group in groups):
        return True
    low, high = keys[column].min(), keys[column].max()
    try:
        return any(group.min <= high and group.max >= low for group in groups)
    except TypeError:  # statistics in another type than the column's
        return True


def arrivals(processed: ObjectStore, parts: list[str]) -> pl.DataFrame:
    """Return the hash of each key in stored parts of a month, and when it first came."""
    stored = [read_parquet(processed, part, ROW_COLUMNS) for part in parts]
    lines = [index(rows).select("key", "nameless").insert_column(0, rows[TIME]) for rows in stored]
    schema = {TIME: pl.Datetime("us"), "key": pl.UInt64, "nameless": pl.Boolean}
    together = told_apart(pl.concat([pl.DataFrame(schema=schema), *lines]))
    return together.group_by("key").agg(pl.min(TIME))
