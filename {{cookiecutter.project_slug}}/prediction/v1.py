"""The API for clients with a key."""

import asyncio
from functools import partial
from itertools import repeat
from typing import Annotated

from fastapi import APIRouter, Request, Response, Security
from fastapi.responses import JSONResponse

from core.inference import Model
from core.keys import ApiKey
from model.schema import Question
from prediction.answering import answer, many, one, report
from prediction.api import Accepted, Answer, Answers, Report, UnreadQuestions
from prediction.bearer import KeyWith
from prediction.body import parse, parse_one_or_many, parse_questions, read
from prediction.champions import Champions
from prediction.journal import Journal
from prediction.keys import Keys
from prediction.limiter import LONGEST_WORK, Limiter
from prediction.openapi import QUESTION, QUESTIONS, REPORTS, problems
from prediction.problems import Problem

JSON = "application/json"

BESIDES = 0.0001
"""Seconds that a question takes apart from the model: to be checked, kept and counted."""


def routes(champions: Champions, journal: Journal, keys: Keys, limiter: Limiter) -> APIRouter:
    """Return the routes under /v1. They read the body themselves, after the key was checked."""
    v1 = APIRouter(prefix="/v1", tags=["API"])
    _add_predictions(v1, champions, journal, keys, limiter)
    _add_outcomes(v1, journal, keys)
    _add_descriptions(v1, champions, keys)
    return v1


def _add_predictions(
    v1: APIRouter, champions: Champions, journal: Journal, keys: Keys, limiter: Limiter
) -> None:
    MayPredict = Annotated[ApiKey, Security(KeyWith(keys, "predict"))]

    async def answers(
        request: Request, questions: list[Question], client: ApiKey
    ) -> tuple[list[str], Model]:
        champion = await champions.trusted_now()
        clients = repeat(client.name, len(questions))
        work = partial(answer, champion, questions, clients, journal)
        return await limiter.do(request, work_of(champion, len(questions)), work), champion

    @v1.post("/predict", response_model=Answer, **QUESTION)
    async def predict(request: Request, client: MayPredict) -> Response:
        """Answer one question."""
        question = parse(Question, await read(request))
        (answer,), champion = await answers(request, [question], client)
        return Response(one(answer, champion), media_type=JSON)

    @v1.post("/predict/batch", response_model=Answers, **QUESTIONS)
    async def predict_batch(request: Request, client: MayPredict) -> Response:
        """Answer up to 1,000 questions, all by the same version."""
        body = await read(request)
        questions = await asyncio.to_thread(parse_questions, UnreadQuestions, Question, body)
        return Response(many(*await answers(request, questions, client)), media_type=JSON)


def seconds_of(champion: Model) -> float:
    """Return the seconds that a question takes."""
    return max(champion.seconds, BESIDES)


def work_of(champion: Model, questions: int) -> float:
    """Return the seconds that so many questions take. Raise a Problem if that is too long."""
    seconds = questions * seconds_of(champion)
    if questions > 1 and seconds > LONGEST_WORK:
        most = max(1, int(LONGEST_WORK / champion.seconds))
        raise Problem(
            422,
            f"The model takes {champion.seconds:.2g} seconds for a question, so {questions} are "
            f"too many for one request. Send at most {most}.",
        )
    return seconds


def _add_outcomes(v1: APIRouter, journal: Journal, keys: Keys) -> None:
    MayReport = Annotated[ApiKey, Security(KeyWith(keys, "outcomes"))]

    @v1.post("/outcomes", status_code=202, response_model=Accepted, **REPORTS)
    async def outcomes(request: Request, client: MayReport) -> JSONResponse:
        """Report what really happened, for one prediction or for a list of them.

        A key reports for the answers that it got itself; for others, what it says counts nowhere.
        """
        body = await read(request)

        def report_all() -> int:
            reports = parse_one_or_many(Report, body)
            report(reports, client.name, journal)
            return len(reports)

        return JSONResponse({"accepted": await asyncio.to_thread(report_all)}, 202)


def _add_descriptions(v1: APIRouter, champions: Champions, keys: Keys) -> None:
    may_read_model, any_key = Security(KeyWith(keys, "model")), Security(KeyWith(keys, None))

    @v1.get("/model", dependencies=[may_read_model], responses=problems(401, 403, 503))
    async def model() -> dict:
        """Return the card of the model that answers: its errors, its training data, an example."""
        return dict((await champions.trusted_now()).card)

    @v1.get("/openapi.json", dependencies=[any_key], responses=problems(401))
    async def description(request: Request) -> dict:
        """Return this description of the API, for a client with a key that can't sign in."""
        return request.app.openapi()
