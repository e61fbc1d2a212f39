"""Reading a request's body, up to a limit, and validating it."""

from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, TypeAdapter, ValidationError

from prediction.problems import FieldError, Problem
from prediction.words import message_for, path_of

LARGEST = 2**20
"""Bytes of a body."""

Model = TypeVar("Model", bound=BaseModel)


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
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise problem(error, model, body) from None


def parse_one_or_many(model: type[Model], body: bytes) -> list[Model]:
    """Return the body as a list of this model; a single object needs no brackets."""
    if not body.lstrip().startswith(b"["):
        return [parse(model, body)]
    try:
        return TypeAdapter(list[model]).validate_json(body)
    except ValidationError as error:
        raise problem(error, model, body) from None


def problem(error: ValidationError, model: type[BaseModel], body: bytes) -> Problem:
    """Return what is wrong with the body: none, no JSON, or JSON that does not fit the model."""
    if not body.strip():
        return Problem(400, "The body is empty. Send JSON; /docs shows an example.")
    mistakes = error.errors(include_url=False, include_input=False)
    if mistakes[0]["type"] == "json_invalid":
        return Problem(400, f"The body is not JSON: {mistakes[0]['ctx']['error']}.")
    errors = [
        FieldError(field=path_of(mistake["loc"]), message=message_for(mistake, model))
        for mistake in mistakes
    ]
    return Problem(422, "The body is JSON, but not what is asked for: see `errors`.", errors)
