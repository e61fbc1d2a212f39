"""Raw files as tables: their content in batches of text or typed columns."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from processing.contract import ROW

BATCH_ROWS = 200_000


class Unreadable(Exception):
    """A file that holds no rows of ours; the text says why."""


def batches(local: Path, expected: set[str]) -> Iterator[pl.DataFrame]:
    """The rows of a CSV or Parquet file with the column ROW in front. Raises Unreadable.

    CSV comes as text, so that one bad value spoils its row and not its file.
    """
    table = _scan(local)
    try:
        found = set(table.collect_schema().names())
        if not found & expected:
            raise Unreadable(f"It has none of the columns {', '.join(sorted(expected))}.")
        numbered = table.select(sorted(found & expected)).with_row_index(ROW, offset=1)
        yield from numbered.collect_batches(chunk_size=BATCH_ROWS)
    except pl.exceptions.PolarsError as error:
        raise Unreadable(f"It can't be read as CSV or Parquet: {str(error).splitlines()[0]}") from error


def _scan(local: Path) -> pl.LazyFrame:
    with local.open("rb") as file:
        start = file.read(4)
    if not start.strip():
        raise Unreadable("It is empty.")
    if start == b"PAR1":
        return pl.scan_parquet(local)
    return pl.scan_csv(local, infer_schema=False, encoding="utf8-lossy", truncate_ragged_lines=True)
