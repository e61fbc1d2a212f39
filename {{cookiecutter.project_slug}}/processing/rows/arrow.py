"""Parquet as tables of Polars, also where Polars itself can't read a column."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq


def tables(local: Path, names: list[str], rows: int) -> Iterator[pl.DataFrame]:
    """Yield these columns, so many rows at a time."""
    with pq.ParquetFile(local) as file:
        odd = {name: kind for name in names if (kind := _readable(file.schema_arrow.field(name)))}
        if odd:
            yield from _by_arrow(file, names, rows, odd)
            return
    table = pl.scan_parquet(local, glob=False).select(names)
    yield from table.collect_batches(chunk_size=rows)


def _by_arrow(
    file: pq.ParquetFile, names: list[str], rows: int, odd: dict[str, pa.DataType]
) -> Iterator[pl.DataFrame]:
    for batch in file.iter_batches(batch_size=rows, columns=names):
        columns = {name: batch.column(name) for name in names}
        casted = {name: columns[name].cast(kind) for name, kind in odd.items()}
        yield pl.DataFrame(pl.from_arrow(pa.table(columns | casted)))


def _readable(field: pa.Field) -> pa.DataType | None:
    """Return in what type a column is to be read that Polars does not know, or None."""
    kind = field.type
    if pa.types.is_decimal256(kind):
        return pa.string()
    if pa.types.is_timestamp(kind) and kind.tz and not _is_known(kind.tz):
        return pa.timestamp(kind.unit, "UTC")  # the same moment
    return None


def _is_known(zone: str) -> bool:
    try:
        return bool(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
