"""Raw files as tables: their content in batches of text or typed columns."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from processing.rows.contract import ROW

BATCH_ROWS = 250_000
SEPARATORS = ",;\t|"
PLAIN = (pl.String, pl.Boolean, pl.Date, pl.Datetime, pl.Null)
"""The types of a Parquet file, besides numbers, that the checks take as they are."""


class Unreadable(Exception):
    """A file that holds no rows of ours; the text says why."""


def batches(local: Path, expected: set[str]) -> Iterator[pl.DataFrame]:
    """The rows of a CSV or Parquet file with the column ROW in front. Raises Unreadable.

    CSV comes as text, so that one bad value spoils its row and not its file.
    """
    table = _scan(local, expected)
    try:
        types = table.collect_schema()
        found = sorted(expected & set(types))
        if not found:
            raise Unreadable(f"It has none of the columns {', '.join(sorted(expected))}.")
        numbered = table.select(_checkable(name, types[name]) for name in found).with_row_index(
            ROW, offset=1
        )
        yield from numbered.collect_batches(chunk_size=BATCH_ROWS)
    except pl.exceptions.PolarsError as error:
        raise Unreadable(
            f"It can't be read as CSV or Parquet: {str(error).splitlines()[0]}"
        ) from error


def _scan(local: Path, expected: set[str]) -> pl.LazyFrame:
    with local.open("rb") as file:
        start = file.read(4)
    if not start.strip():
        raise Unreadable("It is empty.")
    if start == b"PAR1":
        return pl.scan_parquet(local)
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Unreadable("It is text in UTF-16. Save it as UTF-8.")
    separator = _separator(local, expected)
    return pl.scan_csv(
        local,
        infer_schema=False,
        encoding="utf8-lossy",
        truncate_ragged_lines=True,
        separator=separator,
    )


def _separator(local: Path, expected: set[str]) -> str:
    """What the first line is separated by: spreadsheets write semicolons where the comma is in the numbers."""
    with local.open("rb") as file:
        header = file.readline(65_536).decode("utf-8-sig", errors="replace")
    return max(
        SEPARATORS,
        key=lambda mark: len(expected & {name.strip('"\r\n') for name in header.split(mark)}),
    )


def _checkable(name: str, kind: pl.DataType) -> pl.Expr:
    """A column in a type that the checks can look at: what is no number, text or time becomes text."""
    column = pl.col(name)
    if kind.is_numeric() or kind in PLAIN:
        return column
    if kind in (pl.Categorical, pl.Enum, pl.Time):
        return column.cast(pl.String)
    if kind == pl.Binary:  # what some writers make of text
        return column.map_elements(
            lambda cell: cell.decode("utf-8", errors="replace"), return_dtype=pl.String
        )
    return pl.struct(name).struct.json_encode().alias(name)
