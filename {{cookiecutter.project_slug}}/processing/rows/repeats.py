"""Rows that came before: twice in a file, or in another file that is stored already.

They are found by 64-bit hashes of keys and contents, because an index of hashes fits into memory where the rows may
not. Among three million rows, two different ones share a hash in one of four million files.
"""

from collections.abc import Iterator

import polars as pl
from obstore.store import ObjectStore

from core.schema import OUTCOME
from core.tables import ROW_COLUMNS, TIME, key_expressions, read_parquet
from model.schema import KEY
from processing.rows.contract import ROW

CONTENT = [name for name in ROW_COLUMNS if name != "arrived" and name not in KEY]
"""What may differ between two rows of one key."""


def index(rows: pl.DataFrame) -> pl.DataFrame:
    """A line for each row: the hashes of its key, content and outcome; and whether that is missing."""
    return pl.DataFrame(
        {
            "key": rows.select(key_expressions()).hash_rows(),
            "content": rows.select(CONTENT).hash_rows(),
            "outcome": rows.select(OUTCOME).hash_rows(),
            "blank": rows[OUTCOME].is_null(),
        }
    )


SAME = "the same row twice in one file"
CHANGED = "two versions of one row in one file: the later one is used"
CONTRADICTION = "two outcomes of one row in one file: the later one is used"


def within(lines: pl.DataFrame) -> dict[str, pl.Series]:
    """ROW of the lines whose key stands in the file again, by the reason why they are not used.

    As between files, the last counts that has an outcome.
    """
    if lines["key"].n_unique() == len(lines):
        return {}
    stays = lines.sort(~pl.col("blank"), ROW).unique("key", keep="last")
    others = lines.join(stays, on=ROW, how="anti").join(stays, on="key", suffix="_stays")
    contradicts = ~pl.col("blank") & (pl.col("outcome") != pl.col("outcome_stays"))
    same = pl.col("blank") | (pl.col("content") == pl.col("content_stays"))
    reason = pl.when(contradicts).then(pl.lit(CONTRADICTION)).when(same).then(pl.lit(SAME))
    by_reason = others.with_columns(reason=reason.otherwise(pl.lit(CHANGED)))
    return {why: found[ROW] for (why,), found in by_reason.group_by("reason")}


def newest_places(processed: ObjectStore, parts: list[str]) -> pl.DataFrame:
    """Where the newest version of each row of a month stands: `part`, its number, and `place` in it; and `blank`.

    Read part by part, so that memory holds the hashes of a month and not its rows.
    """
    lines = pl.concat(_places(processed, part, number) for number, part in enumerate(parts))
    if lines["key"].n_unique() < len(lines):
        lines = lines.unique("key", keep="last", maintain_order=True)
    return lines.drop("key")


def _places(processed: ObjectStore, part: str, number: int) -> pl.DataFrame:
    lines = index(read_parquet(processed, part, ROW_COLUMNS)).select("key", "blank")
    return lines.with_columns(
        part=pl.lit(number, pl.UInt32), place=pl.int_range(pl.len(), dtype=pl.UInt32)
    )


def newest_rows(
    processed: ObjectStore, parts: list[str], columns: list[str]
) -> Iterator[pl.DataFrame]:
    """Some columns of the newest version of each row of a month, part by part."""
    places = newest_places(processed, parts)
    for number, part in enumerate(parts):
        yield read_parquet(processed, part, columns)[places.filter(part=number)["place"]]


def known(lines: pl.DataFrame, processed: ObjectStore, parts: list[str]) -> pl.Series:
    """ROW of the lines that add nothing to stored parts of their month; a missing outcome adds nothing."""
    if not parts:
        return lines[ROW].clear()
    stored = pl.concat([index(read_parquet(processed, part, ROW_COLUMNS)) for part in parts])
    met = lines.join(
        stored.unique("key", keep="last", maintain_order=True), on="key", suffix="_stored"
    )
    same, poorer = (
        pl.col("content") == pl.col("content_stored"),
        pl.col("blank") & ~pl.col("blank_stored"),
    )
    return met.filter(same | poorer)[ROW]


def arrivals(processed: ObjectStore, parts: list[str]) -> pl.DataFrame:
    """The hash of each key in stored parts of a month, and when it first came."""
    stored = [read_parquet(processed, part, ROW_COLUMNS) for part in parts]
    lines = [rows.select(TIME, key=rows.select(key_expressions()).hash_rows()) for rows in stored]
    together = pl.concat([pl.DataFrame(schema={TIME: pl.Datetime("us"), "key": pl.UInt64}), *lines])
    return together.group_by("key").agg(pl.min(TIME))
