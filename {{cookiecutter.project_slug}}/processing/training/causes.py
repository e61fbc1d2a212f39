"""What speaks for training now: the rules of `model/retraining.py`, applied to new rows."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from math import inf
from pathlib import PurePosixPath
from typing import NotRequired, TypeVar

from obstore.store import ObjectStore
from typing_extensions import TypedDict

from core import registry
from core.card import Versioned
from core.code import code_digest
from core.documents import Documents, Time, Unreadable
from core.layout import DRIFT, LIVE_ERROR, VERDICTS, VERSIONS
from core.storage import listed
from model import retraining
from model.retraining import Rule
from processing.rows.raw import CLOCKS, REPORTS


class Trained(Versioned):
    """What a card must say of the last training."""

    created: Time
    code: str


class Measured(TypedDict):
    """What a measurement must say of a model."""

    version: str
    alarm: bool


class Column(TypedDict):
    """What has been measured, and whether it alarms."""

    name: str
    alarm: bool


class Drifted(Measured):
    """What a measurement of drift must say besides; those of older releases lack `off`."""

    columns: list[Column]
    off: NotRequired[float]


CARDS = Documents(VERSIONS, Trained)
DRIFTS = Documents(DRIFT, Drifted)
LIVE_ERRORS = Documents(LIVE_ERROR, Measured)
M = TypeVar("M", bound=Measured)

_COUNTED: dict[str, tuple[datetime, int]] = {}
"""When the last training was and how many rows have come since, by the inputs of a finished run."""


@dataclass
class Progress:
    """What has come since the last training: how long ago that was, and how many new rows.

    They are counted when they are first asked for: in a cool-down nobody does.
    """

    since: datetime
    count: Callable[[], int]

    @cached_property
    def new_rows(self) -> int:
        """How many rows with an outcome have come."""
        return self.count()

    def allows(self, rule: Rule) -> bool:
        """Return whether the cool-down of a rule is over and its least number of rows has come."""
        cooled_down = datetime.now(UTC) - self.since >= rule.cool_down
        return cooled_down and self.new_rows >= rule.least_rows


def causes(processed: ObjectStore, models: ObjectStore, finished: str = "") -> list[str]:
    """Return a sentence for each cause to train now; none if there is no cause.

    `finished` names today's inputs if a run has finished from them.
    """
    last = last_candidate(models)
    if last is None:
        return ["There is no model yet."]
    if last["code"] != code_digest():
        return ["The code in model/ has changed."]
    since = datetime.fromisoformat(last["created"])
    progress = Progress(since, partial(_new_rows, processed, since, finished))
    return list(_causes_since(progress, processed, models))


def _new_rows(processed: ObjectStore, since: datetime, finished: str) -> int:
    """Count rows once for finished inputs: their reports stay as they are."""
    counted = _COUNTED.get(finished)
    if counted and counted[0] == since:
        return counted[1]
    rows = labelled_rows_since(processed, since)
    _COUNTED.clear()
    if finished:
        _COUNTED[finished] = since, rows
    return rows


def _causes_since(progress: Progress, processed: ObjectStore, models: ObjectStore) -> Iterator[str]:
    champion = registry.newest_promotion(models)
    drift = _of(champion, DRIFTS.find(processed, DRIFT))
    live_error = _of(champion, LIVE_ERRORS.find(processed, LIVE_ERROR))
    off = drift.get("off", inf) if drift else inf
    if champion is None and progress.new_rows:
        yield f"No model answers yet, and {progress.new_rows} new rows have come."
    if off >= retraining.OFF_BY and progress.allows(retraining.NEW_ROWS):
        yield f"{progress.new_rows} new rows have come."
    if drift and drift["alarm"] and progress.allows(retraining.DRIFT):
        drifted = [column["name"] for column in drift["columns"] if column["alarm"]]
        yield f"New rows have drifted from those the champion learned from: {', '.join(drifted)}."
    if live_error and live_error["alarm"] and progress.allows(retraining.LIVE_ERROR):
        yield "Answers were worse than the card promised."
    if progress.allows(retraining.SCHEDULE):
        yield f"{retraining.SCHEDULE.cool_down.days} days have passed."


def last_candidate(models: ObjectStore) -> Trained | None:
    """Return the card of the version that was judged last, whichever way the verdict went.

    A card that is missing or can't be read is passed over.
    """
    newest_first = sorted(
        listed(models, VERDICTS), key=lambda verdict: verdict["last_modified"], reverse=True
    )
    for verdict in newest_first:
        with suppress(FileNotFoundError, Unreadable):
            version = PurePosixPath(verdict["path"]).stem
            return CARDS.read(models, registry.card_path(version))
    return None


def labelled_rows_since(processed: ObjectStore, since: datetime) -> int:
    """Return how many rows with an outcome were checked after a time.

    Only reports that are that young are read.
    """
    return sum(
        report["rows_accepted"] - report["rows_without_outcome"]
        for report in REPORTS.parsed(REPORTS.contents(processed, since - CLOCKS))
        if datetime.fromisoformat(report["checked"]) > since
    )


def _of(champion: registry.Promotion | None, newest: M | None) -> M | None:
    """Return a measurement if it is of today's champion.

    Its shape stands here, and its path in core/layout.py: the modules that measure import
    scikit-learn, which the sensor that asks for causes must not load.
    """
    return newest if newest and champion and newest["version"] == champion.version else None
