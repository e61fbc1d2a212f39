"""Errors of the API: application/problem+json with a sentence that says what to do."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

MOST_ERRORS = 20
"""Errors that are looked for in one body."""

SENTENCES = {
    404: "There is nothing here. /docs lists what there is.",
    405: "This address does not take this method. /docs lists what it takes.",
}


class FieldError(BaseModel):
    field: str = Field(examples=["distance"])
    message: str = Field(examples=["must be a number from 10 to 10,000 miles"])


class ProblemDetails(BaseModel):
    """The body of a refusal, as in RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []


class Problem(Exception):
    """Ends the request with this status and sentence."""

    def __init__(
        self,
        status: int,
        detail: str,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ):
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = headers


def problem_response(problem: Problem) -> JSONResponse:
    """Return a problem as it is sent; of many errors, only the first are listed."""
    listed = list(problem.errors[:MOST_ERRORS])
    omission = " There may be more than these." if len(listed) == MOST_ERRORS else ""
    details = ProblemDetails(
        title=HTTPStatus(problem.status).phrase,
        status=problem.status,
        detail=problem.detail + omission,
        errors=listed,
    )
    return JSONResponse(
        details.model_dump(exclude=None if listed else {"errors"}),
        problem.status,
        problem.headers,
        media_type="application/problem+json",
    )


def handle_problems(app: FastAPI) -> None:
    """Answer every error of the app with a problem."""

    @app.exception_handler(Problem)
    async def expected(_: Request, problem: Problem):
        return problem_response(problem)

    @app.exception_handler(HTTPException)
    async def routing(_: Request, error: HTTPException):
        sentence = SENTENCES.get(error.status_code, error.detail)
        return problem_response(Problem(error.status_code, sentence, headers=error.headers))

    @app.exception_handler(ClientDisconnect)
    async def disconnected(_: Request, __: ClientDisconnect):
        return problem_response(Problem(400, "The connection ended before the body did."))

    @app.exception_handler(Exception)
    async def unexpected(_: Request, __: Exception):
        return problem_response(
            Problem(500, "Something went wrong here. It was logged; trying again may help.")
        )
