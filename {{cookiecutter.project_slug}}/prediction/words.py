"""What is wrong with a field, and what it must be, in the words of the schema."""

import json
from datetime import date, datetime
from typing import get_args

from pydantic import AwareDatetime, BaseModel, NaiveDatetime
from pydantic.fields import FieldInfo

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
SAID_BY_EXPECTED = (
    *(
        "_type",
        "_parsing",
        "_from_float",
        "_number",
        "_naive",
        "_aware",
        "_than",
        "_equal",
        "_mismatch",
    ),
    "literal_error",
)


def message_for(error: dict, model: type[BaseModel]) -> str:
    """One of pydantic's errors as a person would put it."""
    field, model = field_at(error["loc"], model)
    if error["type"] == "extra_forbidden":
        return f"is not known; the fields are {', '.join(model.model_fields)}"
    wanted = expected(field) if field else None
    if error["type"] == "missing":
        return f"is missing; it must be {wanted}" if wanted else "is missing"
    if wanted and error["type"].endswith(SAID_BY_EXPECTED):
        return f"must be {wanted}"
    return error["msg"].removeprefix("Value error, ").replace("Input should", "must")


def expected(field: FieldInfo) -> str | None:
    """What a field must be, such as `a number from 10 to 10,000 miles`. None for types that have no words here."""
    kind = next(
        (KINDS[part] for part in (field.annotation, *get_args(field.annotation)) if part in KINDS),
        None,
    )
    if values := allowed(field):
        kind = f"one of {', '.join(map(json.dumps, values))}"
    if kind is None:
        return None
    words = " ".join(filter(None, [kind, *limits(field), unit(field)]))
    example = f", such as {field.examples[0]}" if field.examples else ""
    return words + example + ("" if field.is_required() else ", or left out")


def limits(field: FieldInfo) -> list[str]:
    names = ("ge", "gt", "le", "lt", "pattern")
    found = {
        name: getattr(part, name)
        for part in field.metadata
        for name in names
        if hasattr(part, name)
    }
    if {"ge", "le"} <= found.keys():
        return [f"from {shown(found['ge'])} to {shown(found['le'])}"]
    words = {
        "ge": "of at least",
        "gt": "above",
        "le": "of at most",
        "lt": "below",
        "pattern": "of the form",
    }
    return [f"{words[name]} {shown(limit)}" for name, limit in found.items()]


def unit(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    return extra.get("unit", "") if isinstance(extra, dict) else ""


def shown(value) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def field_at(location: tuple, model: type[BaseModel]) -> tuple[FieldInfo | None, type[BaseModel]]:
    """The field that an error's location names, and the model it belongs to."""
    field = None
    for name in location:
        if field is not None:
            model = next(
                (part for part in get_args(field.annotation) if hasattr(part, "model_fields")),
                model,
            )
        if isinstance(name, str):
            field = model.model_fields.get(name)
    return field, model


def path_of(location: tuple) -> str:
    """`questions[3].distance`; the whole body has no name."""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return path.removeprefix(".") or "body"
