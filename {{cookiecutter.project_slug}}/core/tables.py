"""The bucket `processed`: rows and features as Parquet, one folder a month of the event.

Each raw file adds parts of its own; small ones are merged later (core/parts.py), and no
row is ever rewritten. One that came again with something new (its outcome, say) stands in a later
part, and readers take the newest.
Processing and notebooks read it; prediction has no Polars.
"""

import io
from collections.abc import Iterable
from datetime import datetime
from typing import cast

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from obstore.store import ObjectStore

from core.layout import ROWS
from core.parts import as_they_came, footer, is_departure, parts
from core.schema import KEY_PARTS, OUTCOME, KeyPart, value_type
from core.storage import bucket, read
from model import schema
from model.schema import EVENT_TIME, Question

TIME = EVENT_TIME or "arrived"
"""The column that says when: the event's time, or that of the row's arrival."""

COMPRESSION_LEVEL = 1
"""Of zstd. Higher levels take longer, and of such columns make larger files."""

HAS_LEFT = "has left"
"""A column for a moment; with a space in it, no field of the schema has that name."""

ROW_COLUMNS = list(dict.fromkeys([*Question.model_fields, OUTCOME, TIME]))

KNOWN_AT: str | None = getattr(schema, "KNOWN_AT", None)
"""The column that says when an outcome became known. It is stored, and shown to no model."""

STORED_COLUMNS = [*ROW_COLUMNS, *([KNOWN_AT] if KNOWN_AT else [])]

KNOWN = "known at"
"""The column of that time in rows to learn from; with a space in it, no field has its name."""


def key_expressions() -> list[pl.Expr]:
    """Return what tells one row from all others: the parts of KEY.

    Where KEY is empty, or a part is missing, it is all that the row holds, and equal rows of one
    file are as many rows: see `lacks_key`.
    """
    everything = [pl.col(name) for name in [*Question.model_fields, OUTCOME]]
    if not KEY_PARTS:
        return everything
    key = [_key_expression(part) for part in KEY_PARTS]
    return [*key, pl.when(lacks_key()).then(pl.struct(everything).hash()).alias("without_key")]


def lacks_key() -> pl.Expr:
    """Return which rows have no whole key. Of those, equal ones may be two that happened."""
    return pl.any_horizontal(pl.lit(not KEY_PARTS), *map(_is_missing, KEY_PARTS))


def _is_missing(part: KeyPart) -> pl.Expr:
    return pl.col(part.column).is_null()


def _key_expression(part: KeyPart) -> pl.Expr:
    column = pl.col(part.column)
    return column.cast(pl.Date).alias(f"{part.column}:day") if part.unit == "day" else column


def key_texts(rows: pl.DataFrame) -> pl.Series:
    """Return each row's key as `core.schema.key` writes it, null where a part is missing."""
    texts = [_key_text(rows[part.column], part).alias("".join(part)) for part in KEY_PARTS]
    return pl.DataFrame(texts).select(key=pl.concat_str(pl.all(), separator="/")).to_series()


def _key_text(column: pl.Series, part: KeyPart) -> pl.Series:
    if part.unit == "day":
        return column.dt.strftime("%Y-%m-%d")
    if column.dtype == pl.String or column.dtype.is_integer():
        return column.cast(pl.String)
    texts = {value: part.text(value) for value in column.drop_nulls().unique()}
    return column.replace_strict(texts, default=None, return_dtype=pl.String)


def newest_time(times: pl.Series) -> datetime:
    """Return the latest of some times, of which there is one at least."""
    return cast(datetime, times.max())


def months(processed: ObjectStore) -> list[str]:
    """Return every month that has rows, oldest first."""
    folders = processed.list_with_delimiter(ROWS)["common_prefixes"]
    return sorted(folder.rpartition("month=")[2] for folder in folders)


def read_parquet(store: ObjectStore, path: str, columns: list[str] | None = None) -> pl.DataFrame:
    """Return the table in a Parquet object, or some of its columns."""
    return pl.read_parquet(io.BytesIO(read(store, path)), columns=columns)


def column_statistics(store: ObjectStore, path: str, column: str) -> list[pq.Statistics]:
    """Return minimum, maximum and number of values of a column, for each group of rows."""
    metadata = footer(store, path)
    place = metadata.schema.names.index(column)
    groups = map(metadata.row_group, range(metadata.num_row_groups))
    return [group.column(place).statistics for group in groups]


def write_parquet(store: ObjectStore, path: str, table: pl.DataFrame) -> None:
    """Store a table as one Parquet object; readers see all of it or none."""
    buffer = io.BytesIO()
    table.write_parquet(buffer, compression="zstd", compression_level=COMPRESSION_LEVEL)
    store.put(path, buffer.getvalue())


def newest_versions(together: pl.DataFrame) -> pl.DataFrame:
    """Keep the newest version of each row of a month; they stand in the order of arrival.

    Rows without a key have no versions: all of them stay.
    """
    if not KEY_PARTS or together.select(key_expressions()).hash_rows().n_unique() == len(together):
        return together
    own = pl.when(lacks_key()).then(lacks_key().cum_sum()).alias("number")
    return together.unique(subset=[*key_expressions(), own], keep="last", maintain_order=True)


def read_month(processed: ObjectStore, month: str) -> pl.DataFrame:
    """Return the checked rows of a month, the newest version of each."""
    versions = {
        part: read_parquet(processed, part, ROW_COLUMNS).with_columns(
            pl.lit(is_departure(part)).alias(HAS_LEFT)
        )
        for part in parts(processed, month)
    }
    newest = newest_versions(as_they_came(processed, versions))
    return newest.filter(~pl.col(HAS_LEFT)).drop(HAS_LEFT)


def rows(of_months: Iterable[str] | None = None) -> pl.DataFrame:
    """Return checked rows by event time, of some months (`2013-01`) or of all.

    A notebook starts from here.
    """
    processed = bucket("processed")
    chosen = months(processed) if of_months is None else of_months
    tables = [read_month(processed, month) for month in chosen]
    return pl.concat(tables).sort(TIME, maintain_order=True) if tables else pl.DataFrame()


def question_columns(rows: pl.DataFrame) -> dict[str, np.ndarray]:
    """Return a table's columns as `model.features` takes them, as `core.schema.columns` does."""
    return {
        name: _as_numpy(rows[name], value_type(field))
        for name, field in Question.model_fields.items()
    }


def _as_numpy(column: pl.Series, kind: type) -> np.ndarray:
    if issubclass(kind, (int, float)):
        return column.cast(pl.Float64).fill_null(np.nan).to_numpy()
    return _as_objects(column) if column.dtype == pl.String else column.to_numpy()


def _as_objects(texts: pl.Series) -> np.ndarray:
    """Return texts as Python objects, one for each distinct text; a missing one is ''.

    Codes that come again and again then take half the time.
    """
    arrow = texts.fill_null("").to_arrow(compat_level=pl.CompatLevel.newest())
    coded = arrow.dictionary_encode()
    return coded.dictionary.to_numpy(zero_copy_only=False)[coded.indices.to_numpy()]
