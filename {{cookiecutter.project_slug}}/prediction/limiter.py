"""How much a replica takes on, so that all it accepts is answered soon.

Work of microseconds is done at once, in the event loop. Longer work would hold up everyone else
there, so a thread does it, one request after the other. The others wait in a line that is no longer
than MOST_AHEAD: who comes then is told at once when to ask again.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from prediction.lag import Lag
from prediction.metrics import ABANDONED, COMPUTING, CONCURRENCY, REFUSED, WAIT_SECONDS, WAITING
from prediction.problems import Problem, problem_response

AT_ONCE = 0.001
"""Seconds that work may take in the event loop; handing it to a thread takes a tenth of that."""

MOST_AHEAD = 5.0
"""Seconds of work that may be ahead of a request, or else it is refused."""

LONGEST_WAIT = 9.0
"""Seconds that a request waits for its turn at most, where work takes longer than was expected."""

LONGEST_WORK = 20.0
"""Seconds of work that one request may bring; a replica that is stopped finishes what it has."""

LONGEST_LAG = 2.0
"""Seconds that the event loop may be behind, of which the limiter sees nothing."""

Result = TypeVar("Result")


class Limiter:
    """Does the work of requests, each when its turn comes."""

    def __init__(self, lag: Lag):
        self.lag = lag
        self.thread = ThreadPoolExecutor(1, "answers")
        self.turn = asyncio.Lock()
        self.accepted = 0.0
        """Seconds of work that requests brought and that is not done."""
        self.pace = 1.0
        """How long work takes here lately, compared with what was expected."""

    async def do(self, request: Request, seconds: float, work: Callable[[], Result]) -> Result:
        """Return the result of work that takes about so long. Raise a Problem if there is no room.

        Raises ClientDisconnect, and does nothing, if by then nobody waits for the result.
        """
        if seconds <= AT_ONCE:
            with self.at_once():
                return work()
        async with self.accept(seconds), self.wait_for_turn(request):
            loop = asyncio.get_running_loop()
            begun = loop.time()
            result = await loop.run_in_executor(self.thread, work)
            self.pace += ((loop.time() - begun) / seconds - self.pace) / 5
            return result

    @contextmanager
    def at_once(self, requests: int = 1) -> Iterator[None]:
        """Count work in the event loop during the block, for so many requests together."""
        CONCURRENCY.add(requests * self.lag.seconds)  # so long they have waited for the loop
        with CONCURRENCY.one_more():
            yield

    @property
    def delay(self) -> float:
        """Return the seconds that all accepted work will take."""
        return self.accepted * self.pace

    @asynccontextmanager
    async def accept(self, seconds: float) -> AsyncIterator[None]:
        """Count this work among what is to be done. Raise a Problem if that is too much already."""
        if self.delay > MOST_AHEAD:
            raise refused(self.delay)
        self.accepted += seconds
        try:
            with CONCURRENCY.one_more():
                yield
        finally:
            self.accepted -= seconds

    @asynccontextmanager
    async def wait_for_turn(self, request: Request) -> AsyncIterator[None]:
        """Wait in line, and let the next one follow in the end."""
        with WAITING.track_inprogress(), WAIT_SECONDS.time():
            try:
                async with asyncio.timeout(LONGEST_WAIT):
                    await self.turn.acquire()
            except TimeoutError:
                raise refused(self.delay) from None
        try:
            if await request.is_disconnected():
                ABANDONED.inc()
                raise ClientDisconnect
            with COMPUTING.track_inprogress():
                yield
        finally:
            self.turn.release()


class NotTooLate:
    """Middleware that refuses requests to the API while the event loop is far behind.

    It costs a tenth of an answer, so the loop catches up.
    """

    def __init__(self, app: ASGIApp, lag: Lag):
        self.app = app
        self.lag = lag

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        late = too_late(self.lag)
        if late and scope["type"] == "http" and scope["path"].startswith("/v1/"):
            return await problem_response(refused(self.lag.standing))(scope, receive, send)
        await self.app(scope, receive, send)


def too_late(lag: Lag) -> bool:
    """Return whether the event loop is so far behind that the API declines."""
    return lag.standing > LONGEST_LAG


def refused(seconds: float) -> Problem:
    """Return the refusal of a request that would have to wait for so long."""
    REFUSED.inc()
    return Problem(
        503,
        "More is asked than can be answered at the moment. Ask again after `Retry-After` seconds.",
        headers={"Retry-After": str(max(1, math.ceil(seconds)))},
    )
