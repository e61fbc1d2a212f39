"""The bucket `processed`: rows and features as Parquet, one folder a month of the event.

Each raw file adds parts of its own; nothing is ever rewritten. A row that came again with
something new (its outcome, say) stands in a later part, and readers take the newest one.
"""

import io
from collections.abc import Iterable

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from obstore.store import ObjectStore

from core.schema import OUTCOME, value_type
from core.storage import bucket, names, read
from model.schema import EVENT_TIME, KEY, Question

TIME = EVENT_TIME or "arrived"
"""The column that says when: the event's time, or that of the row's arrival."""

COMPRESSION = {"compression": "zstd", "compression_level": 1}
"""Higher levels take longer, and of such columns make larger files."""

ROW_COLUMNS = list(dict.fromkeys([*Question.model_fields, OUTCOME, TIME]))


def key_expressions() -> list[pl.Expr]:
    """What tells one row from all others: the parts of KEY, or everything where there is none or a part is missing."""
    everything = [pl.col(name) for name in [*Question.model_fields, OUTCOME]]
    if not KEY:
        return everything
    key = [_key_expression(part) for part in KEY]
    incomplete = pl.any_horizontal(part.is_null() for part in key)
    return [*key, pl.when(incomplete).then(pl.struct(everything).hash()).alias("without_key")]


def _key_expression(part: str) -> pl.Expr:
    name, _, unit = part.partition(":")
    return pl.col(name).dt.date().alias(part) if unit == "day" else pl.col(name)


def key_texts(rows: pl.DataFrame) -> pl.Series:
    """Each row's key as text, just as `core.schema.key` writes it; missing where a part of it is."""
    texts = [
        _key_text(rows[name], unit).alias(part)
        for part in KEY
        for name, _, unit in [part.partition(":")]
    ]
    return pl.DataFrame(texts).select(key=pl.concat_str(pl.all(), separator="/")).to_series()


def _key_text(column: pl.Series, unit: str) -> pl.Series:
    if unit == "day":
        return column.dt.strftime("%Y-%m-%d")
    if column.dtype == pl.String or column.dtype.is_integer():
        return column.cast(pl.String)
    texts = {value: str(value) for value in column.drop_nulls().unique()}
    return column.replace_strict(texts, default=None, return_dtype=pl.String)


def parts(processed: ObjectStore, month: str) -> list[str]:
    """The parts of a month, such as `2013-01`, in the order in which they arrived."""
    return names(processed, f"rows/month={month}")


def months(processed: ObjectStore) -> list[str]:
    """Every month that has rows, oldest first."""
    folders = processed.list_with_delimiter("rows")["common_prefixes"]
    return sorted(folder.rpartition("month=")[2] for folder in folders)


def read_parquet(store: ObjectStore, path: str, columns: list[str] | None = None) -> pl.DataFrame:
    """One Parquet object, or some of its columns."""
    return pl.read_parquet(io.BytesIO(read(store, path)), columns=columns)


def footer(store: ObjectStore, path: str) -> pq.FileMetaData:
    """What a Parquet object says of its rows and columns. It stands at the object's end, and no more is fetched."""
    end = store.head(path)["size"] - 8
    length = int.from_bytes(store.get_range(path, start=end, length=4), "little")
    return pq.read_metadata(
        pa.BufferReader(store.get_range(path, start=end - length, length=length + 8))
    )


def column_facts(store: ObjectStore, path: str, column: str) -> list[pq.Statistics]:
    """Least, greatest and number of missing values of a column, for each group of rows, from the footer."""
    known = footer(store, path)
    groups = map(known.row_group, range(known.num_row_groups))
    return [group.column(known.schema.names.index(column)).statistics for group in groups]


def write_parquet(store: ObjectStore, path: str, table: pl.DataFrame) -> None:
    """Store a table as one Parquet object; readers see all of it or none."""
    buffer = io.BytesIO()
    table.write_parquet(buffer, **COMPRESSION)
    store.put(path, buffer.getvalue())


def newest(of_one_month: list[pl.DataFrame]) -> pl.DataFrame:
    """Put a month's parts together, oldest first, and keep the newest version of each row."""
    together = pl.concat(of_one_month)
    if together.select(key_expressions()).hash_rows().n_unique() == len(together):
        return together
    return together.unique(subset=key_expressions(), keep="last", maintain_order=True)


def read_rows(processed: ObjectStore, of_months: Iterable[str]) -> pl.DataFrame:
    """Checked rows of these months, the newest version of each, by event time."""
    tables = [
        newest([read_parquet(processed, part) for part in parts(processed, month)])
        for month in of_months
    ]
    return pl.concat(tables).sort(TIME, maintain_order=True) if tables else pl.DataFrame()


def rows(of_months: Iterable[str] | None = None) -> pl.DataFrame:
    """Checked rows of some months (`2013-01`), or of all: what a notebook starts from."""
    processed = bucket("processed")
    return read_rows(processed, months(processed) if of_months is None else of_months)


def question_columns(rows: pl.DataFrame) -> dict[str, np.ndarray]:
    """A table's columns in the form that `model.features` takes, just as `core.schema.columns` makes them."""
    return {
        name: _as_numpy(rows[name], value_type(field))
        for name, field in Question.model_fields.items()
    }


def _as_numpy(column: pl.Series, kind: type) -> np.ndarray:
    if issubclass(kind, (int, float)):
        return column.cast(pl.Float64).fill_null(np.nan).to_numpy()
    return _as_objects(column) if column.dtype == pl.String else column.to_numpy()


def _as_objects(texts: pl.Series) -> np.ndarray:
    """Texts as Python objects, one for each distinct text: codes that come again and again take half the time."""
    coded = texts.to_arrow(compat_level=pl.CompatLevel.newest()).dictionary_encode(
        null_encoding="encode"
    )
    return coded.dictionary.to_numpy(zero_copy_only=False)[coded.indices.to_numpy()]
