"""The API for clients with a key."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Request, Security
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from core.keys import ApiKey
from model.schema import Question
from prediction.answering import answer, report
from prediction.api import Accepted, Answer, Answers, Questions, Report
from prediction.body import parse, parse_one_or_many, read
from prediction.champions import Champions
from prediction.journal import Journal
from prediction.keys import Keys
from prediction.openapi import QUESTION, QUESTIONS, REPORTS, problems

bearer = HTTPBearer(scheme_name="Bearer", description="An API key, `slipway_…`", auto_error=False)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]


class KeyWith:
    """A dependency: the client's API key, which must have this right."""

    def __init__(self, keys: Keys, right: str):
        self.keys = keys
        self.right = right

    async def __call__(self, credentials: Credentials) -> ApiKey:
        """Return the key. Raise a Problem if there is none, or if it lacks the right."""
        return self.keys.check(credentials.credentials if credentials else None, self.right)


def routes(champions: Champions, journal: Journal, keys: Keys) -> APIRouter:
    """Return the routes under /v1. They read the body themselves, after the key was checked."""
    v1 = APIRouter(prefix="/v1", tags=["API"])
    MayPredict = Annotated[ApiKey, Security(KeyWith(keys, "predict"))]
    MayReport = Annotated[ApiKey, Security(KeyWith(keys, "outcomes"))]
    may_read_model = Security(KeyWith(keys, "model"))

    @v1.post("/predict", response_model=Answer, **QUESTION)
    async def predict(request: Request, client: MayPredict) -> JSONResponse:
        """Answer one question."""
        question = parse(Question, await read(request))
        champion = await champions.trusted_now()
        return JSONResponse(answer(champion, [question], client.name, journal)[0])

    @v1.post("/predict/batch", response_model=Answers, **QUESTIONS)
    async def predict_batch(request: Request, client: MayPredict) -> JSONResponse:
        """Answer up to 1,000 questions, all by the same version."""
        body = await read(request)
        champion = await champions.trusted_now()

        def answer_all() -> list[dict]:
            questions = parse(Questions, body).questions
            return answer(champion, questions, client.name, journal)

        predictions = await asyncio.to_thread(answer_all)
        for prediction in predictions:
            del prediction["model"]  # it stands once, above them
        return JSONResponse({"model": champion.version, "predictions": predictions})

    @v1.post("/outcomes", status_code=202, response_model=Accepted, **REPORTS)
    async def outcomes(request: Request, client: MayReport) -> JSONResponse:
        """Report what really happened, for one prediction or for a list of them."""
        reports = parse_one_or_many(Report, await read(request))
        report(reports, client.name, journal)
        return JSONResponse({"accepted": len(reports)}, 202)

    @v1.get("/model", dependencies=[may_read_model], responses=problems(401, 403, 503))
    async def model() -> dict:
        """Return the card of the model that answers: its errors, its training data, an example."""
        return dict((await champions.trusted_now()).card)

    return v1
