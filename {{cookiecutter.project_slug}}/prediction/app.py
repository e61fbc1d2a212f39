"""The prediction service: a function that takes its parts and returns the app."""

import asyncio
from contextlib import asynccontextmanager

from fastapi import FastAPI

from prediction import inside, openapi, v1
from prediction.background import repeated
from prediction.champions import Champions
from prediction.journal import Journal
from prediction.keys import Keys
from prediction.lag import Lag
from prediction.lane import Lane
from prediction.limiter import Limiter, NotTooLate
from prediction.metrics import Measured, expect_requests
from prediction.problems import handle_problems
from prediction.protocol import OneProtocol
from prediction.together import Together

LOOK_SECONDS = 2.0
"""Seconds between two looks for a new promotion."""


def create_app(
    champions: Champions, journal: Journal, keys: Keys, journal_seconds: float = 2.0
) -> FastAPI:
    """Build the service from its champion, its journal, and the API keys that may ask it."""

    lag = Lag()

    @asynccontextmanager
    async def lifespan(_: FastAPI):
        with (
            repeated(champions.look, LOOK_SECONDS),
            repeated(journal.sync, journal_seconds),
            repeated(journal.sweep, journal_seconds),
        ):
            # The gateway finds a replica as soon as it listens, so it had better have its model.
            await asyncio.to_thread(champions.looked.wait, LOOK_SECONDS)
            async with lag.watched():
                yield

    # Without redirects: behind TLS they would lead back to plain http, with the key.
    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, redirect_slashes=False)
    limiter = Limiter(lag)
    api = v1.routes(champions, journal, keys, limiter)
    app.add_middleware(OneProtocol)
    app.add_middleware(NotTooLate, lag=lag)
    app.add_middleware(Measured)
    handle_problems(app)
    expect_requests(api)
    app.include_router(api)
    app.include_router(inside.routes(champions, keys))
    openapi.describe(app)
    app.state.lane = Lane(keys, lag, Together(champions, journal, limiter))
    return app
