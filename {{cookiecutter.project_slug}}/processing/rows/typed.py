"""Columns in the types of COLUMNS: each value exactly, or with the reason why it can't be taken.

All values of a column are first taken plainly: most can be, and only what is lost by that needs a
closer look.
"""

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from core.schema import value_type
from core.values import CODE, SPACES
from model.schema import Outcome, Question
from processing.rows import times
from processing.rows.contract import ROW, PolarsType
from processing.rows.numbers import Marks, plainly_written

MISSING_TEXTS = ["", "NA", "N/A", "NaN", "nan", "NULL", "null", "None"]

TRUE = ("true", "t", "yes", "y", "1", "1.0")
FALSE = ("false", "f", "no", "n", "0", "0.0")

WHOLE = r"^([+-]?[0-9]+)(\.0{1,2})?$"
"""A whole number; a column that passed through pandas with a gap in it says `9.0`."""

EXACT = {pl.Float64: 2**53 - 1, pl.Float32: 2**24 - 1}
"""Up to here a float holds each whole number, and none that stands for two."""


def _exact(column: pl.Series) -> int:
    return EXACT[pl.Float32 if column.dtype == pl.Float32 else pl.Float64]


TIME_FIELDS = {
    name
    for name, field in (Question.model_fields | Outcome.model_fields).items()
    if value_type(field) is datetime
}


def typed(
    batch: pl.DataFrame, columns: Mapping[str, PolarsType], marks: Marks = Marks.POINT
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Return ROW and the columns, and ROW and reason of each value that is none of its type."""
    taken, reasons = [batch[ROW]], []
    for name, kind in columns.items():
        if name not in batch.columns:
            taken.append(pl.Series(name, [None], dtype=kind).new_from_index(0, len(batch)))
            continue
        values = _typed(batch[name], kind, marks)
        if values.null_count() > batch[name].null_count():
            reasons.append(_reasons(batch, values, kind))
        taken.append(values)
    return pl.DataFrame(taken), reasons


def _typed(column: pl.Series, kind: PolarsType, marks: Marks) -> pl.Series:
    if column.dtype == pl.String and kind.is_numeric() and marks is not Marks.POINT:
        column = plainly_written(column, marks)
    if column.dtype == pl.Null:
        return column.cast(kind)
    if column.dtype != pl.String or not kind.is_numeric():
        return _closely(column, kind)
    values = column.cast(kind, strict=False)
    if values.null_count() > column.null_count():
        lost = values.is_null() & column.is_not_null()
        closer = _closely(column.filter(lost), kind)
        if closer.count():
            values = values.scatter(lost.arg_true(), closer)
    return values.fill_nan(None) if kind.is_float() else values


def _closely(column: pl.Series, kind: PolarsType) -> pl.Series:
    if kind == pl.String:
        return _text(column)
    if kind == pl.Boolean:
        return _truth(column)
    if kind.is_temporal() and kind not in (pl.Time, pl.Duration):
        return _time(column, kind)
    if column.dtype.is_temporal():
        return pl.Series(column.name, [None], dtype=kind).new_from_index(0, len(column))
    if column.dtype == pl.String:
        column = column.str.strip_chars(SPACES)
    return _whole(column, kind) if kind.is_integer() else _number(column, kind)


def _text(column: pl.Series) -> pl.Series:
    """Return texts as `core.values.text` does; each different one is looked at once."""
    if column.dtype.is_float():
        return _code(column)
    if column.dtype == pl.Datetime:
        column = times.on_the_clock(column)
    texts = column if column.dtype == pl.String else column.cast(pl.String)
    if column.dtype.is_decimal():
        texts = texts.str.replace(r"\.0+$", "")
    if column.name in TIME_FIELDS:
        texts = times.without_zone(texts)
    different = texts.unique()
    if different.equals(_as_values(different), null_equal=True):
        return texts
    return _as_values(texts)


def _as_values(texts: pl.Series) -> pl.Series:
    stripped = texts.str.strip_chars(SPACES).str.replace(CODE, "$1")
    return stripped.set(stripped == "", None)


def _code(column: pl.Series) -> pl.Series:
    """Return numbers as text, whole ones without a point. Beyond EXACT none is sure."""
    whole = column.cast(pl.Int64, strict=False)
    is_whole = (column == column.round()).fill_null(False) & (column.abs() <= _exact(column))
    others = column.cast(pl.String).set(column.abs() > _exact(column), None)
    texts = whole.cast(pl.String).zip_with(is_whole, others)
    return texts.set(column.is_nan().fill_null(False), None)


def _truth(column: pl.Series) -> pl.Series:
    if column.dtype == pl.Boolean:
        return column
    words = dict.fromkeys(TRUE, True) | dict.fromkeys(FALSE, False)
    texts = column.cast(pl.String, strict=False).str.strip_chars(SPACES).str.to_lowercase()
    return texts.replace_strict(words, default=None, return_dtype=pl.Boolean)


def _time(column: pl.Series, kind: PolarsType) -> pl.Series:
    if column.dtype == pl.String:
        column = times.from_text(column)
    if column.dtype == pl.Datetime:
        column = times.exactly_on_the_clock(column)
        kind = times.CLOCK if getattr(kind, "time_zone", None) else kind
    elif column.dtype != pl.Date:
        return pl.Series(column.name, [None], dtype=kind).new_from_index(0, len(column))
    if kind == pl.Date and column.dtype == pl.Datetime:
        column = column.set(column != column.dt.truncate("1d"), None)
    return column.cast(kind)


def _whole(column: pl.Series, kind: PolarsType) -> pl.Series:
    if column.dtype == pl.String:
        written = column.str.extract(WHOLE).cast(kind, strict=False)
        return written.zip_with(written.is_not_null(), _whole(_power(column), kind))
    values = column.cast(kind, strict=False)
    if column.dtype.is_float():
        exact = (column == column.round()) & (column.abs() <= _exact(column))
        return values.set(~exact.fill_null(True), None)
    if column.dtype.is_decimal():
        return values.set(values.cast(column.dtype, strict=False) != column, None)
    return values


def _power(column: pl.Series) -> pl.Series:
    """Return numbers that are written with a power of ten, such as `1e3`."""
    return column.set(~column.str.contains("[eE]"), None).cast(pl.Float64, strict=False)


def _number(column: pl.Series, kind: PolarsType) -> pl.Series:
    values = column.cast(kind, strict=False)
    if column.dtype.is_integer():
        exact = values.cast(column.dtype, strict=False) == column
        values = values.set(~exact.fill_null(True), None)
    return values.fill_nan(None) if kind.is_float() else values


def _reasons(batch: pl.DataFrame, values: pl.Series, kind: PolarsType) -> pl.DataFrame:
    name, lost = values.name, values.is_null() & batch[values.name].is_not_null()
    cells = batch.select(ROW, name).filter(lost)
    texts = cells[name].cast(pl.String, strict=False).str.strip_chars(SPACES)
    wrong = ~texts.is_in(MISSING_TEXTS).fill_null(False)
    cells, texts = cells.filter(wrong), texts.filter(wrong)
    return cells.select(ROW, reason=_why(name, cells[name].dtype, kind, texts))


def _why(name: str, source: pl.DataType, kind: PolarsType, texts: pl.Series) -> pl.Expr:
    if kind == pl.Boolean:
        words = f"{', '.join(TRUE[:-1])} and {', '.join(FALSE[:-1])} count"
        return pl.lit(f"{name}: not true or false; {words}")
    if kind.is_temporal():
        return pl.lit(f"{name}: not a time as 2026-03-31 14:05; others are for `to_rows` to read")
    number = texts.str.contains(r"^[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?$").fill_null(False)
    marked = texts.str.contains(r"^[+-]?[0-9][0-9.,]*$").fill_null(False)
    sizes = pl.lit(f"{name}: a whole number beyond what its column holds exactly")
    whole = texts.str.contains(WHOLE) | texts.str.contains(r"^[+-]?[0-9.]+[eE]")
    return (
        pl.when(number & (whole | (kind == pl.String)))
        .then(sizes)
        .when(number & kind.is_integer())
        .then(pl.lit(f"{name}: not a whole number"))
        .when(marked & (source == pl.String))
        .then(pl.lit(f"{name}: a comma or point that may mean two things; write 1234.5"))
        .otherwise(pl.lit(f"{name}: not {'text' if kind == pl.String else 'a number'}"))
    )
