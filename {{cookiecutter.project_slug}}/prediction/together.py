"""Questions that come in one turn of the event loop are answered together.

That is one call of the model and one write to the journal for all of them; who comes alone is
answered alone. Only what is certainly right is answered here, and nothing is refused.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from itertools import chain, repeat
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
    """A body that a client sent, and who takes the body of the answer, or None for none."""

    body: bytes
    client: str
    take: Callable[[bytes | None], None]


class Ready(NamedTuple):
    """A question that is right, and whose it is."""

    question: Question
    client: str


class Together:
    """Answers in each turn of the event loop what came in during the last one."""

    def __init__(self, champions: Champions, journal: Journal, limiter: Limiter):
        self.champions = champions
        self.journal = journal
        self.limiter = limiter
        self.waiting: deque[Asked] = deque()
        self.aside: dict[str, float] = {}

    def ask(self, asked: Asked) -> None:
        """Let a body be answered in the next turn."""
        if not self.waiting:
            asyncio.get_running_loop().call_soon(self.turn)
        self.waiting.append(asked)

    def turn(self) -> None:
        """Answer the first that wait, all by one version; the others' turn is the next."""
        champion = self.champions.current
        most = most_together(champion) if champion else 0
        asked = [self.waiting.popleft() for _ in range(min(most or 1, len(self.waiting)))]
        if self.waiting:
            asyncio.get_running_loop().call_soon(self.turn)
        bodies = self.bodies(champion, asked) if champion and most else repeat(None)
        for (_, _, take), body in zip(asked, bodies, strict=False):
            take(body)

    def bodies(self, champion: Model, asked: Sequence[Asked]) -> list[bytes | None]:
        """Return the body of an answer to each that is right."""
        now = asyncio.get_running_loop().time()
        questions = [
            None if now < self.aside.get(client, 0) else at_first_sight(Question, body)
            for body, client, _ in asked
        ]
        ready = [
            Ready(question, client)
            for question, (_, client, _) in zip(questions, asked, strict=True)
            if question is not None
        ]
        if not ready:
            return [None] * len(asked)
        with self.limiter.at_once(len(ready)):
            answers = iter(self.answers(champion, ready))
        return [None if question is None else next(answers) for question in questions]

    def answers(self, champion: Model, ready: Sequence[Ready]) -> Sequence[bytes | None]:
        """Return answers by one call of the model; where it fails, all but those it fails on."""
        questions, clients = zip(*ready, strict=True)
        try:
            return [
                one(text, champion) for text in answer(champion, questions, clients, self.journal)
            ]
        except Problem:  # none can be stored
            return [None] * len(ready)
        except Exception:
            return self.answers_of_halves(champion, ready)

    def answers_of_halves(self, champion: Model, ready: Sequence[Ready]) -> Sequence[bytes | None]:
        """Look for the question that the model fails on, and keep its client away for a while."""
        if len(ready) == 1:
            self.aside[ready[0].client] = asyncio.get_running_loop().time() + ASIDE
            return [None]
        middle = len(ready) // 2
        halves = (ready[:middle], ready[middle:])
        return list(chain.from_iterable(self.answers(champion, half) for half in halves))


def most_together(champion: Model) -> int:
    """Return how many questions are answered in a turn: none where one alone takes too long."""
    seconds = seconds_of(champion)
    return min(MOST_TOGETHER, int(LONGEST_TURN / seconds)) if seconds <= AT_ONCE else 0
