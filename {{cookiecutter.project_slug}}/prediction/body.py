"""Reads a request's body, up to a limit, and checks it."""

from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, TypeAdapter, ValidationError

from prediction.problems import FieldError, Problem
from prediction.words import message_for, path_of

LARGEST = 2**20

Model = TypeVar("Model", bound=BaseModel)


async def read(request: Request) -> bytes:
    """The body. Raises 413 as soon as it is known to be too large, without keeping the rest."""
    if int(request.headers.get("content-length", 0)) > LARGEST:
        raise too_large()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise too_large()
    return bytes(body)


def too_large() -> Problem:
    return Problem(413, "The body is larger than 1 MiB. Send fewer at a time.")


def parse(model: type[Model], body: bytes) -> Model:
    """The body as this model. Raises a Problem that names each wrong field and its bounds."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise problem(error, model, body) from None


def parse_one_or_many(model: type[Model], body: bytes) -> list[Model]:
    """The body as a list of this model; a single one may stand without brackets."""
    if not body.lstrip().startswith(b"["):
        return [parse(model, body)]
    try:
        return TypeAdapter(list[model]).validate_json(body)
    except ValidationError as error:
        raise problem(error, model, body) from None


def problem(error: ValidationError, model: type[BaseModel], body: bytes) -> Problem:
    if not body.strip():
        return Problem(400, "The body is empty. Send JSON; /docs shows an example.")
    found = error.errors(include_url=False, include_input=False)
    if found[0]["type"] == "json_invalid":
        return Problem(400, f"The body is not JSON: {found[0]['ctx']['error']}.")
    errors = [
        FieldError(field=path_of(one["loc"]), message=message_for(one, model)) for one in found
    ]
    return Problem(422, "The body is JSON, but not what is asked for: see `errors`.", errors)
