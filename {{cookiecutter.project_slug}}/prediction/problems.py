"""Every error is application/problem+json with a sentence that says what to do."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

MOST_ERRORS = 20

SENTENCES = {
    404: "There is nothing here. /docs lists what there is.",
    405: "This address does not take this method. /docs lists what it takes.",
}


class FieldError(BaseModel):
    field: str = Field(examples=["distance"])
    message: str = Field(examples=["must be a number from 10 to 10,000 miles"])


class ProblemDetails(BaseModel):
    """What is wrong, as in RFC 9457."""

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
        errors: list[FieldError] = [],
        headers: dict[str, str] | None = None,
    ):
        super().__init__(detail)
        self.status, self.detail, self.errors, self.headers = status, detail, errors, headers


def problem_response(problem: Problem) -> JSONResponse:
    shown = problem.errors[:MOST_ERRORS]
    hidden = len(problem.errors) - len(shown)
    details = ProblemDetails(
        title=HTTPStatus(problem.status).phrase,
        status=problem.status,
        detail=problem.detail
        + (f" The first {MOST_ERRORS} are named; {hidden} more are not." if hidden else ""),
        errors=shown,
    )
    return JSONResponse(
        details.model_dump(exclude=None if shown else {"errors"}),
        problem.status,
        problem.headers,
        media_type="application/problem+json",
    )


def handle_problems(app: FastAPI) -> None:
    """Give the app's every error this one form."""

    @app.exception_handler(Problem)
    async def expected(_: Request, problem: Problem):
        return problem_response(problem)

    @app.exception_handler(HTTPException)
    async def routing(_: Request, error: HTTPException):
        return problem_response(
            Problem(
                error.status_code,
                SENTENCES.get(error.status_code, error.detail),
                headers=error.headers,
            )
        )

    @app.exception_handler(ClientDisconnect)
    async def gone(_: Request, error: ClientDisconnect):
        return problem_response(Problem(400, "The connection ended before the body did."))

    @app.exception_handler(Exception)
    async def unexpected(_: Request, error: Exception):
        return problem_response(
            Problem(500, "Something went wrong here. It was logged; asking again may help.")
        )
