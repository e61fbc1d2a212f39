"""A part of a raw file as it was read: rows, and the lines that are none."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from processing.rows.contract import ROW

REFUSED = {ROW: pl.UInt32, "reason": pl.List(pl.String), "content": pl.String}


def refused(lines: Iterable[tuple[int, int, str, str]] = ()) -> pl.DataFrame:
    """Make a table of refused lines from each one's ROW, place in the file, text and reason."""
    records = [
        (row, [reason], json.dumps({"line": line, "text": text}, ensure_ascii=False))
        for row, line, text, reason in lines
    ]
    return pl.DataFrame(records, schema=REFUSED, orient="row")


def numbered(rows: pl.DataFrame, first: int) -> pl.DataFrame:
    """Put the column ROW in front, counted from the first row's number."""
    return rows.with_row_index(ROW, offset=first)


@dataclass(frozen=True)
class Batch:
    """Rows with their ROW, refused lines with theirs, and how many lines of the file these are."""

    rows: pl.DataFrame
    lines: int
    refused: pl.DataFrame = field(default_factory=refused)
