"""Small tables with columns of every type, apart from `model/`, to try the reading of files on."""

from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest

from processing.rows.kinds import Unreadable
from processing.rows.reading import table
from processing.rows.typed import typed

COLUMNS = {
    "id": pl.Int64,
    "at": pl.Datetime("us"),
    "day": pl.Date,
    "town": pl.String,
    "member": pl.Boolean,
    "cost": pl.Float64,
}
ROWS = [
    ("1", "2026-03-02 10:00:00", "2026-03-02", "Ulm", "true", "100.5"),
    ("2", "2026-03-03 10:00:00", "2026-03-03", "Köln", "false", "7.25"),
    ("3", "2026-03-04 10:00:00", "2026-03-04", "Bonn", "true", "0"),
    ("4", "2026-03-05 10:00:00", "2026-03-05", "Ulm", "false", "-1"),
]


def lines(rows=ROWS, separator=",", names=tuple(COLUMNS)) -> str:
    """Write rows without any quotation mark."""
    return "".join(separator.join(row) + "\n" for row in (names, *rows))


def read(content: bytes, columns=None) -> tuple[pl.DataFrame, pl.DataFrame, list[str]]:
    """Return the rows of a file by type, its refused lines, and the reasons of values."""
    columns = columns or COLUMNS
    with TemporaryDirectory() as folder:
        local = Path(folder) / "raw"
        local.write_bytes(content)
        raw = table(local, columns, Path(folder))
        batches = list(raw.batches())
    assert sum(batch.lines for batch in batches) == raw.lines
    parts = [typed(batch.rows, columns, raw.marks) for batch in batches]
    reasons = [reason for _, of_batch in parts for one in of_batch for reason in one["reason"]]
    refused = pl.concat(batch.refused for batch in batches)
    return pl.concat(values for values, _ in parts), refused, reasons


def problem(content: bytes, columns=None) -> str:
    """Return the sentence that a file is refused with."""
    with pytest.raises(Unreadable) as refused:
        read(content, columns)
    return str(refused.value)


GOOD, _, _ = read(lines().encode())
