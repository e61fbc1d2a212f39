"""Errors of a field in words: what it must be, by the bounds and units of the schema."""

import json
from datetime import date, datetime
from typing import Any, get_args

from pydantic import AwareDatetime, BaseModel, NaiveDatetime
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from core.schema import allowed

KINDS = {
    float: "a number",
    int: "a whole number",
    bool: "true or false",
    str: "text",
    date: "a date",
    datetime: "a date and time",
    NaiveDatetime: "a date and time without a time zone",
    AwareDatetime: "a date and time with a time zone",
}
LIMITS = {
    "ge": "of at least",
    "gt": "above",
    "le": "of at most",
    "lt": "below",
    "pattern": "of the form",
}
ANSWERED_BY_REQUIREMENT = (
    "_type",
    "_parsing",
    "_from_float",
    "_number",
    "_naive",
    "_aware",
    "_than",
    "_equal",
    "_mismatch",
    "literal_error",
)
"""Endings of pydantic's error types that mean no more than: this is not what the field must be."""

LONGEST_PATH = 200

Location = tuple[int | str, ...]


def message_for(error: ErrorDetails, model: type[BaseModel]) -> str:
    """Return one of pydantic's errors as a person would put it."""
    field, model = field_at(error["loc"], model)
    if error["type"] == "extra_forbidden":
        return f"is not known; the fields are {', '.join(model.model_fields)}"
    if error["type"] == "too_long":
        return f"must have at most {error['ctx']['max_length']:,} items"
    required = requirement(field) if field else None
    if error["type"] == "missing":
        return f"is missing; it must be {required}" if required else "is missing"
    if required and error["type"].endswith(ANSWERED_BY_REQUIREMENT):
        return f"must be {required}"
    return error["msg"].removeprefix("Value error, ").replace("Input should", "must")


def requirement(field: FieldInfo) -> str | None:
    """Return what a field must be, such as `a number from 10 to 10,000 miles`.

    None for types that have no words here.
    """
    kind = kind_of(field)
    if kind is None:
        return None
    words = " ".join(part for part in (kind, *limits(field), unit(field)) if part)
    example = f", such as {field.examples[0]}" if field.examples else ""
    optional = "" if field.is_required() else ", or left out"
    return words + example + optional


def kind_of(field: FieldInfo) -> str | None:
    """Return the field's type in words, or the values that it may have."""
    if values := allowed(field):
        return f"one of {', '.join(map(json.dumps, values))}"
    types = (field.annotation, *get_args(field.annotation))
    return next((KINDS[type] for type in types if type in KINDS), None)


def limits(field: FieldInfo) -> list[str]:
    """Return the field's bounds and pattern in words."""
    bounds = {
        name: getattr(constraint, name)
        for constraint in field.metadata
        for name in LIMITS
        if hasattr(constraint, name)
    }
    if {"ge", "le"} <= bounds.keys():
        return [f"from {formatted(bounds['ge'])} to {formatted(bounds['le'])}"]
    return [f"{LIMITS[name]} {formatted(bound)}" for name, bound in bounds.items()]


def unit(field: FieldInfo) -> str:
    """Return the field's unit, or nothing."""
    extra = field.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


def formatted(value: Any) -> str:
    """Return a bound as a person would write it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def field_at(
    location: Location, model: type[BaseModel]
) -> tuple[FieldInfo | None, type[BaseModel]]:
    """Return the field that an error's location names, and the model it belongs to."""
    field = None
    for name in location:
        if field is not None:
            types = get_args(field.annotation)
            model = next((type for type in types if hasattr(type, "model_fields")), model)
        if isinstance(name, str):
            field = model.model_fields.get(name)
    return field, model


def path_of(location: Location) -> str:
    """Return a location as `questions[3].distance`; the whole body is `body`."""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return shorten(path.removeprefix(".")) or "body"


def shorten(text: str) -> str:
    """Return the text up to a length that an answer can take: clients choose names of fields."""
    return text if len(text) <= LONGEST_PATH else f"{text[:LONGEST_PATH]}…"
