"""The data contract of the pipeline, derived from `model/schema.py`: good rows go on, bad ones get a reason."""

from datetime import datetime

import annotated_types
import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from core.schema import allowed, value_type
from model.schema import Outcome, Question

POLARS_TYPES = {
    int: pl.Int64,
    float: pl.Float64,
    str: pl.String,
    bool: pl.Boolean,
    datetime: pl.Datetime("us"),
}

ROW = "row"
"""The column that carries a row's place in its file through all checks, counted from 1."""


def contract() -> pa.DataFrameSchema:
    """What every row must hold to. An outcome may be missing: it may not be known yet, or never."""
    questions = {name: _column(field, _may_miss(field)) for name, field in Question.model_fields.items()}
    outcomes = {name: _column(field, True) for name, field in Outcome.model_fields.items()}
    return pa.DataFrameSchema(questions | outcomes)


def reasons(rows: pl.DataFrame) -> pl.DataFrame:
    """Check rows that have a column ROW. Returns ROW and reason, one line for each thing wrong."""
    try:
        contract().validate(rows.drop(ROW), lazy=True)
    except SchemaErrors as found:
        cases = found.failure_cases
        if cases["index"].has_nulls():  # not a row's fault
            wrong = cases.filter(pl.col("index").is_null()).select("column", "check", "failure_case").rows()
            raise TypeError(
                f"`to_rows` in model/source.py makes columns that model/schema.py does not know: {wrong}"
            ) from None
        texts = {case: _sentence(*case) for case in cases.select("column", "check").unique().iter_rows()}
        return cases.select(
            rows[ROW].gather(cases["index"]).alias(ROW),
            pl.struct("column", "check")
            .map_elements(lambda case: texts[case["column"], case["check"]], return_dtype=pl.String)
            .alias("reason"),
        )
    return pl.DataFrame(schema={ROW: rows.schema[ROW], "reason": pl.String})


def _may_miss(field: FieldInfo) -> bool:
    return field.default is not PydanticUndefined


def _column(field: FieldInfo, nullable: bool) -> pa.Column:
    return pa.Column(POLARS_TYPES.get(value_type(field), pl.String), list(_checks(field)), nullable=nullable)


def _checks(field: FieldInfo):
    unit = (field.json_schema_extra or {}).get("unit", "")
    for rule in field.metadata:
        if isinstance(rule, annotated_types.Ge):
            yield pa.Check.ge(rule.ge, error=f"below {_text(rule.ge)} {unit}".rstrip())
        elif isinstance(rule, annotated_types.Le):
            yield pa.Check.le(rule.le, error=f"above {_text(rule.le)} {unit}".rstrip())
        elif pattern := getattr(rule, "pattern", None):
            yield pa.Check.str_matches(pattern, error=f"not like {pattern}")
    if values := allowed(field):
        yield pa.Check.isin(values, error=f"not one of {', '.join(map(str, values))}")
    if field.annotation is float:
        yield pa.Check(lambda data: data.lazyframe.select(pl.col(data.key).is_finite()), error="not a finite number")


def _text(bound) -> str:
    return bound.isoformat(" ", "minutes") if isinstance(bound, datetime) else f"{bound:g}"


def _sentence(column: str, check: str) -> str:
    return f"{column}: missing or unreadable" if check == "not_nullable" else f"{column}: {check}"
