"""The rows of a Parquet file, in batches of typed columns."""

import json
import mmap
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.retries import is_worth_retrying
from processing.rows import arrow, times
from processing.rows.batch import REFUSED, Batch, numbered
from processing.rows.contract import ROW
from processing.rows.csv_file import BATCH_ROWS, guess
from processing.rows.kinds import PARQUET, Unreadable
from processing.rows.unpacking import ALWAYS_ALLOWED, MOST_TIMES_LARGER

MOST_ROWS_A_BYTE = 100
"""A file with more rows for each of its bytes is refused, if they are more than BATCH_ROWS."""

MOST_TEXT_BYTES = 256 * 1024 * 1024
"""The texts of BATCH_ROWS rows have at most so many bytes; other files are refused."""

PLAIN = (pl.String, pl.Binary, pl.Boolean, pl.Null)
"""The types, besides numbers, that the checks take as they are."""


@dataclass
class ParquetFile:
    """A Parquet file with the names of all its columns, and the places of those that are used."""

    local: Path
    names: list[str]
    lines: int
    places: dict[str, int]

    def reads(self) -> Iterator[Callable[[], Batch]]:
        """Yield for each batch what reads it; threads may do so for several at once."""
        used = {self.names[place]: name for name, place in self.places.items()}
        with readable():
            _refuse_long_texts(self.local, list(used))
            first = 1
            for table in arrow.tables(self.local, list(used), BATCH_ROWS):
                rows = table.select(
                    _checkable(table[name]).alias(ours) for name, ours in used.items()
                )
                yield partial(_batch, rows, first)
                first += len(rows)


@contextmanager
def readable() -> Iterator[None]:
    """Turn what the libraries say of a damaged file into a sentence."""
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, pa.ArrowException) as error:
        if is_worth_retrying(error):
            raise
        if "encrypted" in str(error):
            raise Unreadable("Its columns are encrypted. Decrypt it and add that.") from error
        raise Unreadable(
            "It can't be read as Parquet: it is damaged, or broken off. Add it again."
        ) from error


def names_and_rows(local: Path) -> tuple[list[str], int]:
    """Return what the end of the file says of it. Raises Unreadable if that is impossible."""
    with readable(), pq.ParquetFile(local) as file:
        about, names = file.metadata, file.schema_arrow.names
    twice = [name for name, number in Counter(names).items() if number > 1]
    if twice:
        raise Unreadable(
            f"Two of its columns are called {', '.join(twice)}. Take one away, or rename it."
        )
    with local.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find(PARQUET + PARQUET) > 0:
            raise Unreadable("It is several Parquet files in one. Add them one by one.")
    size = local.stat().st_size
    if about.num_rows > max(BATCH_ROWS, MOST_ROWS_A_BYTE * size):
        raise Unreadable(f"It says that it has {about.num_rows:,} rows, in {size:,} bytes.")
    groups = map(about.row_group, range(about.num_row_groups))
    if sum(group.total_byte_size for group in groups) > max(
        ALWAYS_ALLOWED, MOST_TIMES_LARGER * size
    ):
        raise Unreadable(f"It unpacks to more than {MOST_TIMES_LARGER} times its size.")
    return names, about.num_rows


def _refuse_long_texts(local: Path, names: list[str]) -> None:
    """Raise Unreadable before a text that is stored once, and repeated, fills the memory."""
    with pq.ParquetFile(local) as file:
        schema = file.schema_arrow
    texts = [name for name in names if _is_text(schema.field(name).type)]
    if not texts:
        return
    with pq.ParquetFile(local, read_dictionary=texts) as file:
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=texts, use_threads=False):
            if sum(map(_text_bytes, batch.columns)) > MOST_TEXT_BYTES:
                raise Unreadable(
                    f"Its texts are too long: over {MOST_TEXT_BYTES // 1024**2} MB in "
                    f"{len(batch):,} rows."
                )


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return kind in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary())


def _text_bytes(column: pa.Array) -> int:
    """Count the bytes of all texts, as if each were written out."""
    if not pa.types.is_dictionary(column.type):
        return column.nbytes
    lengths = pc.call_function("binary_length", [column.dictionary])
    total = pc.call_function("sum", [lengths.take(column.indices.drop_null())])
    return total.as_py() or 0


@readable()
def _batch(rows: pl.DataFrame, first: int) -> Batch:
    rows, lists = _without_lists(numbered(rows, first))
    binary = rows.select(pl.col(pl.Binary))
    wrong = rows.filter(pl.any_horizontal(map(_is_odd, binary))) if binary.width else rows[:0]
    right = rows.join(wrong, on=ROW, how="anti") if len(wrong) else rows
    as_text = pl.col(pl.Binary).cast(pl.String)
    refused = pl.concat([lists, _refused(wrong, binary.columns)])
    return Batch(right.with_columns(as_text), len(rows) + len(lists), refused)


def _without_lists(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows whose values are plain ones, and the others as refused lines."""
    nested = [column.name for column in rows if column.dtype.is_nested()]
    if not nested:
        return rows, pl.DataFrame(schema=REFUSED)
    is_list = pl.any_horizontal(pl.col(nested).is_not_null())
    reasons = pl.concat_list(pl.lit(f"{name}: a list or record") for name in nested)
    shown = pl.struct(pl.exclude(ROW, *rows.select(pl.col(pl.Binary)).columns))
    lists = rows.filter(is_list).select(ROW, reason=reasons, content=shown.struct.json_encode())
    plain = rows.filter(~is_list).with_columns(pl.lit(None, pl.Null).alias(name) for name in nested)
    return plain, lists


def _is_odd(column: pl.Series) -> pl.Series:
    """Return which values are no UTF-8; each different one is looked at once."""
    different = column.drop_nulls().unique()
    odd = [value for value in different if _decoded(value) is None]
    return column.is_in(odd).fill_null(False)


def _decoded(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _refused(wrong: pl.DataFrame, binary: list[str]) -> pl.DataFrame:
    """Refuse rows that hold bytes for text which are not UTF-8."""
    lines = []
    for row in wrong.iter_rows(named=True):
        odd = {name: row[name] for name in binary if row[name] and _decoded(row[name]) is None}
        reason = [f"{name}: not UTF-8{guess(value)}" for name, value in odd.items()]
        shown = row | {name: repr(value) for name, value in odd.items()}
        lines.append((row[ROW], reason, json.dumps(shown, default=str, ensure_ascii=False)))
    return pl.DataFrame(lines, schema=REFUSED, orient="row")


def _checkable(column: pl.Series) -> pl.Series:
    """Return a column in a type that can be checked: what is no number or time becomes text."""
    kind = column.dtype
    if kind in (pl.Date, pl.Datetime):
        return times.within_the_calendar(column)
    if kind.is_numeric() or kind.is_nested() or kind in PLAIN:
        return column
    return column.dt.to_string() if kind == pl.Duration else column.cast(pl.String)
