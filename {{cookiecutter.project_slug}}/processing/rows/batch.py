"""A part of a raw file as it was read: rows, and the lines that are none."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from processing.rows.contract import ROW

REFUSED = {ROW: pl.UInt32, "reason": pl.List(pl.String), "content": pl.String}


def refused(lines: Iterable[tuple[int, int, str, str]] = ()) -> pl.DataFrame:
    """Make a table of refused lines from each one's ROW, place in the file, text and reason."""
    schema = {ROW: pl.UInt32, "line": pl.UInt32, "text": pl.String, "reason": pl.String}
    columns = list(zip(*lines, strict=True)) or [[]] * len(schema)
    table = pl.DataFrame(dict(zip(schema, columns, strict=True)), schema=schema)
    content = pl.struct("line", "text").struct.json_encode()
    return table.select(ROW, reason=pl.concat_list("reason"), content=content)


def numbered(rows: pl.DataFrame, first: int) -> pl.DataFrame:
    """Put the column ROW in front, counted from the first row's number."""
    return rows.with_row_index(ROW, offset=first)


@dataclass(frozen=True)
class Batch:
    """Rows with their ROW, refused lines with theirs, and how many lines of the file these are."""

    rows: pl.DataFrame
    lines: int
    refused: pl.DataFrame = field(default_factory=refused)
