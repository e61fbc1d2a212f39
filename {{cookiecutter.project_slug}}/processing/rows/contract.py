"""The data contract, derived from `model/schema.py`: good rows go on, bad ones get a reason."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

import annotated_types
import polars as pl
from pydantic import AllowInfNan, Strict
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from core.schema import allowed, unit, value_type
from core.tables import KNOWN_AT
from model.schema import Outcome, Question

POLARS_TYPES = {
    int: pl.Int64,
    float: pl.Float64,
    str: pl.String,
    bool: pl.Boolean,
    datetime: pl.Datetime("us"),
}

FIELDS = Question.model_fields | Outcome.model_fields

PolarsType = pl.DataType | type[pl.DataType]

ROW = "row"
"""The column that carries a row's place in its file through all checks, counted from 1."""


RESERVED = (ROW, "arrived", "prediction", "probabilities")
"""Names that the platform gives to columns of its own beside those of the schema."""


def check_names() -> None:
    """Raise TypeError if a field has a name that the platform uses itself, or KNOWN_AT is one."""
    if KNOWN_AT in FIELDS:
        raise TypeError(
            f"KNOWN_AT in model/schema.py is {KNOWN_AT}, which is a field: the model would see it. "
            "Give the time at which the outcome became known a column of its own."
        )
    taken = [f"`{name}`" for name in FIELDS if name in RESERVED]
    if taken:
        raise TypeError(
            f"model/schema.py has a field {', '.join(taken)}, which the platform uses itself. "
            "Rename it there, and in `to_rows` of model/source.py."
        )


def reasons(rows: pl.DataFrame) -> pl.DataFrame:
    """Check rows that have a column ROW. Returns ROW and reason, one line for each thing wrong."""
    _check_types(rows.schema)
    broken = [
        rows.filter(rule).select(ROW, reason=pl.lit(reason))
        for name, field in FIELDS.items()
        for reason, rule in _broken(rows.get_column(name), rules(name, field))
    ]
    return pl.concat([pl.DataFrame(schema={ROW: rows.schema[ROW], "reason": pl.String}), *broken])


def _broken(column: pl.Series, rules: dict[str, pl.Expr]) -> Iterator[tuple[str, pl.Expr]]:
    """Yield the rules that some value breaks.

    Of texts each is looked at once, because most come again and again.
    """
    values = (column.unique() if column.dtype == pl.String else column).to_frame()
    for broken in values.select(rule.any().alias(reason) for reason, rule in rules.items()):
        if broken.any():
            yield broken.name, rules[broken.name]


def _check_types(schema: pl.Schema) -> None:
    wrong = []
    for name in FIELDS:
        if schema[name] != polars_type(name):
            wrong.append(f"{name} is {schema[name]} and not {polars_type(name)}")
    if wrong:
        raise TypeError(
            "`to_rows` in model/source.py makes columns of other types than model/schema.py: "
            f"{', '.join(wrong)}. Name that type in COLUMNS, or cast the column in `to_rows`."
        )


def polars_type(name: str) -> PolarsType:
    """Return the type of a column, which is a field's or KNOWN_AT's."""
    if name == KNOWN_AT:
        return POLARS_TYPES[datetime]
    return POLARS_TYPES.get(value_type(FIELDS[name]), pl.String)


def rules(name: str, field: FieldInfo) -> dict[str, pl.Expr]:
    """Return each reason to reject a row for a field, and what is true of such rows."""
    column = pl.col(name)
    rules = {} if _may_miss(name, field) else {"missing or unreadable": column.is_null()}
    for limit in field.metadata:
        rules |= _rule(column, limit, unit(field), name)
    if values := allowed(field):
        rules[f"not one of {', '.join(map(str, values))}"] = ~column.is_in(values)
    if value_type(field) is float:
        rules["not a finite number"] = ~column.is_finite()
    return {f"{name}: {reason}".rstrip(): rule for reason, rule in rules.items()}


def _rule(column: pl.Expr, limit: Any, unit: str, name: str) -> dict[str, pl.Expr]:
    match limit:
        case annotated_types.Ge(ge=bound):
            return {f"below {_text(bound)} {unit}": column < cast(Any, bound)}
        case annotated_types.Gt(gt=bound):
            return {f"not above {_text(bound)} {unit}": column <= cast(Any, bound)}
        case annotated_types.Le(le=bound):
            return {f"above {_text(bound)} {unit}": column > cast(Any, bound)}
        case annotated_types.Lt(lt=bound):
            return {f"not below {_text(bound)} {unit}": column >= cast(Any, bound)}
        case annotated_types.MinLen(min_length=length):
            return {f"shorter than {length} characters": column.str.len_chars() < length}
        case annotated_types.MaxLen(max_length=length):
            return {f"longer than {length} characters": column.str.len_chars() > length}
    if pattern := getattr(limit, "pattern", None):
        return {f"not like {pattern}": ~column.str.contains(pattern)}
    if isinstance(
        limit, Strict | AllowInfNan
    ):  # how pydantic reads a value, not which values are right
        return {}
    raise TypeError(
        f"The pipeline can't check {limit!r} of {name} in model/schema.py; "
        "use ge, gt, le, lt or pattern."
    )


def _may_miss(name: str, field: FieldInfo) -> bool:
    """Return whether a field may be missing; an outcome may, because it comes later or never."""
    return name in Outcome.model_fields or field.default is not PydanticUndefined


def _text(bound: Any) -> str:
    return bound.isoformat(" ", "minutes") if isinstance(bound, datetime) else f"{bound:g}"
