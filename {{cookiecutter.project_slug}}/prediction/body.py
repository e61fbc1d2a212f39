"""Reading a request's body, up to a limit, and validating it.

A wrong body costs no more than a right one: validation ends where no more errors would be listed.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json

from prediction.api import MOST_QUESTIONS, MOST_REPORTS
from prediction.problems import MOST_ERRORS, FieldError, Problem
from prediction.words import Location, message_for, path_of

LARGEST = 2**20
"""Bytes of a body."""

Model = TypeVar("Model", bound=BaseModel)

MOST_BRACKETS = 2 * MOST_REPORTS
"""Of objects and lists in a body. Each takes forty times the memory of its text."""


SHORT = MOST_BRACKETS
"""Bytes of a body of which pydantic may list all errors; it can't have too many brackets."""


async def read(request: Request) -> bytes:
    """Return the body. Raise 413 as soon as it proves too large, without keeping the rest."""
    if int(request.headers.get("content-length", 0)) > LARGEST:
        raise too_large()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise too_large()
    return bytes(body)


def too_large() -> Problem:
    """Return the refusal of a body that is over the limit."""
    return Problem(413, "The body is larger than 1 MiB. Send fewer at a time.")


def parse(model: type[Model], body: bytes) -> Model:
    """Return the body as this model. Raise a Problem that names each wrong field and its bounds."""
    right = at_first_sight(model, body)
    return fitting(model, [((), loaded(body))])[0] if right is None else right


def at_first_sight(model: type[Model], body: bytes) -> Model | None:
    """Return a short body as this model, or None if it must be looked at closely."""
    if len(body) > SHORT:
        return None
    try:
        return model.model_validate_json(body)
    except Exception:  # by whatever a field is checked
        return None


def parse_questions(envelope: type[BaseModel], model: type[Model], body: bytes) -> list[Model]:
    """Return the questions in a batch. Raise a Problem that names the first wrong fields."""
    batch = loaded(body)
    fitting(envelope, [((), batch)])
    questions = enumerate(batch["questions"])
    return fitting(model, ((("questions", index), value) for index, value in questions))


def parse_one_or_many(model: type[Model], body: bytes) -> list[Model]:
    """Return the body as a list of this model; a single object needs no brackets."""
    if not body.lstrip().startswith(b"["):
        return [parse(model, body)]
    values = loaded(body)
    if len(values) > MOST_REPORTS:
        raise Problem(422, f"The list has {len(values):,} items. Send at most {MOST_REPORTS:,}.")
    return fitting(model, (((index,), value) for index, value in enumerate(values)))


def loaded(body: bytes) -> Any:
    """Return what the JSON of a body says. Raise a Problem if it is none."""
    if not body.strip():
        raise Problem(400, "The body is empty. Send JSON; /docs shows an example.")
    if (brackets := body.count(b"{") + body.count(b"[")) > MOST_BRACKETS:
        raise Problem(422, f"The body has {brackets:,} opening brackets. Send fewer at a time.")
    try:
        return from_json(body, cache_strings="keys")
    except ValueError as error:
        raise Problem(400, f"The body is not JSON: {error}.") from None


def fitting(model: type[Model], values: Iterable[tuple[Location, Any]]) -> list[Model]:
    """Return values, each with its place in the body, as this model.

    They are looked at one by one, up to the number of errors that can be listed.
    """
    fit: list[Model] = []
    errors: list[FieldError] = []
    for place, value in values:
        try:
            fit.append(model.model_validate_json(to_json(shallow(value, model))))
        except ValidationError as error:
            errors += mistakes(error, model, place)
        except Crowded as error:
            errors.append(FieldError(field=path_of(place), message=str(error)))
        if len(errors) >= MOST_ERRORS:
            break
    if errors:
        detail = "The body is JSON, but not what is asked for: see `errors`."
        raise Problem(422, detail, errors)
    return fit


class Crowded(Exception):
    """Raised for an object with so many fields that an error for each would cost too much."""


def shallow(value: Any, model: type[BaseModel]) -> Any:
    """Return a value without what is inside its fields: a right one has nothing there.

    Raise Crowded for far too many fields.
    """
    if not isinstance(value, dict):
        return plain(value)
    if len(value) > len(model.model_fields) + MOST_ERRORS:
        raise Crowded(f"has {len(value):,} fields; the fields are {', '.join(model.model_fields)}")
    return {name: plain(field) for name, field in value.items()}


def plain(field: Any) -> Any:
    """Return a field, but nothing of what is in it; a list keeps its length while it matters."""
    if isinstance(field, float) and field.is_integer():
        return int(field)  # JSON knows one kind of number: 7.0 is as whole as 7
    if isinstance(field, list):
        return [None] * min(len(field), MOST_QUESTIONS + 1)
    return {} if isinstance(field, dict) else field


def mistakes(error: ValidationError, model: type[BaseModel], at: Location = ()) -> list[FieldError]:
    """Return what pydantic found wrong with a value that stands at this place of the body."""
    return [
        FieldError(field=path_of((*at, *one["loc"])), message=message_for(one, model))
        for one in islice(error.errors(include_url=False, include_input=False), MOST_ERRORS)
    ]
