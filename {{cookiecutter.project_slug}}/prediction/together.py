"""Questions that come in one turn of the event loop are answered together.

That is one call of the model and one write to the journal for all of them. Who alone comes in a
turn is answered alone. Only what is certainly right is answered; nothing is refused here.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from core.inference import Model
from model.schema import Question
from prediction.answering import answer, one
from prediction.body import at_first_sight
from prediction.champions import Champions
from prediction.journal import Journal
from prediction.limiter import AT_ONCE, Limiter
from prediction.problems import Problem
from prediction.v1 import seconds_of

MOST_TOGETHER = 64

LONGEST_TURN = 0.01
"""Seconds that the answers of one turn may take; whatever else has come in waits meanwhile."""

ASIDE = 1.0
"""Seconds for which a key's questions are not answered here after one that the model failed on."""


class Asked(NamedTuple):
    """A request that waits; the result is the body of its answer, or None."""

    body: bytes
    client: str
    result: "asyncio.Future[bytes | None]"

    def give(self, answer: bytes | None) -> None:
        """Let the request go on, unless it was given up meanwhile."""
        if not self.result.done():
            self.result.set_result(answer)


class Together:
    """Answers in each turn of the event loop what came in during the last one."""

    def __init__(self, champions: Champions, journal: Journal, limiter: Limiter):
        self.champions = champions
        self.journal = journal
        self.limiter = limiter
        self.waiting: deque[Asked] = deque()
        self.aside: dict[str, float] = {}

    async def answer(self, body: bytes, client: str) -> bytes | None:
        """Return the body of the answer to a question, or None if that is not so simple."""
        loop = asyncio.get_running_loop()
        if loop.time() < self.aside.get(client, 0):
            return None
        if not self.waiting:
            loop.call_soon(self.turn)
        asked = Asked(body, client, loop.create_future())
        self.waiting.append(asked)
        return await asked.result

    def turn(self) -> None:
        """Answer the first that wait, all by one version; the others' turn is the next."""
        champion = self.champions.current
        most = most_together(champion) if champion else 0
        asked = [self.waiting.popleft() for _ in range(min(most or 1, len(self.waiting)))]
        if self.waiting:
            asyncio.get_running_loop().call_soon(self.turn)
        try:
            if champion and most:
                self.answer_right(champion, asked)
        finally:
            for request in asked:
                request.give(None)

    def answer_right(self, champion: Model, asked: Sequence[Asked]) -> None:
        """Answer those whose question is right."""
        questions = [(request, at_first_sight(Question, request.body)) for request in asked]
        right = [(request, question) for request, question in questions if question is not None]
        if right:
            with self.limiter.at_once(len(right)):
                self.answer_all(champion, right)

    def answer_all(self, champion: Model, right: Sequence[tuple[Asked, Question]]) -> None:
        """Answer these with one call of the model; if it fails, look for the one it fails on."""
        clients = (request.client for request, _ in right)
        try:
            answers = answer(champion, [question for _, question in right], clients, self.journal)
        except Problem:  # none can be stored
            return
        except Exception:
            return self.answer_halves(champion, right)
        for (request, _), text in zip(right, answers, strict=True):
            request.give(one(text, champion))

    def answer_halves(self, champion: Model, right: Sequence[tuple[Asked, Question]]) -> None:
        """Answer all but those that the model fails on, and keep away from them for a while."""
        if len(right) == 1:
            ends = asyncio.get_running_loop().time() + ASIDE
            self.aside[right[0][0].client] = ends
            return
        middle = len(right) // 2
        self.answer_all(champion, right[:middle])
        self.answer_all(champion, right[middle:])


def most_together(champion: Model) -> int:
    """Return how many questions are answered in a turn: none where one alone takes too long."""
    seconds = seconds_of(champion)
    return min(MOST_TOGETHER, int(LONGEST_TURN / seconds)) if seconds <= AT_ONCE else 0
