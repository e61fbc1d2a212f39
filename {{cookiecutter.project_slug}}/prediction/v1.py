"""The API that people with a key may use."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Request, Security
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from core.keys import ApiKey
from model.schema import Question
from prediction.answering import answer, keep
from prediction.api import Accepted, Answer, Answers, Questions, Report
from prediction.body import parse, parse_one_or_many, read
from prediction.champions import Champions
from prediction.journal import Journal
from prediction.keys import Keys
from prediction.openapi import QUESTION, QUESTIONS, REPORTS, problems

bearer = HTTPBearer(scheme_name="Bearer", description="An API key, `slipway_…`", auto_error=False)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]


def routes(champions: Champions, journal: Journal, keys: Keys) -> APIRouter:
    """The routes under /v1. They read the body themselves, once the key was found good."""
    v1 = APIRouter(prefix="/v1", tags=["API"])

    def holder_of(right: str):
        async def client(credentials: Credentials) -> ApiKey:
            return keys.check(credentials and credentials.credentials, right)

        return Security(client)

    @v1.post("/predict", openapi_extra=QUESTION, responses=problems(400, 401, 403, 413, 422, 503))
    async def predict(request: Request, client: ApiKey = holder_of("predict")) -> Answer:
        """Answer one question."""
        question = parse(Question, await read(request))
        return JSONResponse(
            answer(await champions.trusted_now(), [question], client.name, journal)[0]
        )

    @v1.post(
        "/predict/batch", openapi_extra=QUESTIONS, responses=problems(400, 401, 403, 413, 422, 503)
    )
    async def predict_batch(request: Request, client: ApiKey = holder_of("predict")) -> Answers:
        """Answer up to 1,000 questions, all by the same version."""
        text = await read(request)
        model = await champions.trusted_now()

        def work() -> dict:
            questions = parse(Questions, text).questions
            answers = answer(model, questions, client.name, journal)
            told = [
                {name: value for name, value in one.items() if name != "model"} for one in answers
            ]
            return {"model": model.version, "predictions": told}

        return JSONResponse(await asyncio.to_thread(work))

    @v1.post(
        "/outcomes",
        status_code=202,
        openapi_extra=REPORTS,
        responses=problems(400, 401, 403, 413, 422),
    )
    async def outcomes(request: Request, client: ApiKey = holder_of("outcomes")) -> Accepted:
        """Say what really happened, for one prediction or for a list of them."""
        reports = parse_one_or_many(Report, await read(request))
        records = [report.model_dump(mode="json", exclude_none=True) for report in reports]
        keep(journal, "outcomes", client.name, records)
        return JSONResponse({"accepted": len(reports)}, 202)

    @v1.get("/model", responses=problems(401, 403, 503))
    async def model(client: ApiKey = holder_of("model")) -> dict:
        """The card of the model that answers: its errors, its training data, an example."""
        return (await champions.trusted_now()).card

    return v1
