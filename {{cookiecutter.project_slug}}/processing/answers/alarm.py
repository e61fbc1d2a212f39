"""The live error: is the champion worse than its card promised? A cause to train, and an alert."""

from datetime import UTC, datetime
from typing import NotRequired

import numpy as np
from typing_extensions import TypedDict

from core import registry
from core.documents import Documents
from core.layout import LIVE_ERROR
from core.storage import as_json, bucket
from model.retraining import WORSE_BY
from processing.answers.estimate import estimated_error
from processing.answers.evaluation import evaluated
from processing.answers.truth import joined_tables
from processing.training.scores import METRIC

LEAST_TO_ALARM = 30
"""Fewer answers with an outcome say nothing about the model."""

ENOUGH_ROWS = 20_000
"""More would make no difference, and cost time every minute."""

STANDARD_ERRORS = 2
"""So far below the mean the true one lies in one of 40 cases at most."""


FALSE_SHARE = 0.05
"""So many of the worst errors may be false reports: they count as large as the next one at most,
and raise no alarm by themselves."""


class LiveError(TypedDict):
    """The error of the champion's answers since its promotion; it alarms from `tolerated` on.

    `error` is the mean, and `at_least` the lower end of the interval without the worst. `estimated`
    is the error to expect of the newest answers, also of those without an outcome.
    """

    version: str
    rows: int
    error: float
    at_least: float
    promised: float
    tolerated: float
    alarm: bool
    estimated: NotRequired[float | None]
    measured: NotRequired[str]


NEWEST = Documents(LIVE_ERROR, LiveError)


def measure() -> LiveError | None:
    """Compare the errors that became known since the promotion with the card, and keep the result.

    Returns None before the first promotion.
    """
    promotion = registry.newest_promotion(bucket("models"))
    if promotion is None:
        return None
    promised = registry.card(bucket("models"), promotion.version)["metrics"][METRIC]
    live_error = _live_error(promotion.version, _newest_errors(promotion), promised)
    live_error["estimated"] = estimated_error(promotion)
    _keep(live_error)
    return live_error


def _live_error(version: str, errors: np.ndarray, promised: float) -> LiveError:
    rows = len(errors)
    errors = errors if rows else np.zeros(1)
    without_worst = np.sort(errors)[: len(errors) - int(FALSE_SHARE * len(errors))]
    capped = np.minimum(errors, without_worst[-1])
    standard_error = float(capped.std() / len(errors) ** 0.5)
    at_least = float(without_worst.mean()) - STANDARD_ERRORS * standard_error
    tolerated = (1 + WORSE_BY) * promised
    return LiveError(
        version=version,
        rows=rows,
        error=float(capped.mean()),
        at_least=at_least,
        promised=promised,
        tolerated=tolerated,
        alarm=rows >= LEAST_TO_ALARM and at_least > tolerated,
    )


def _newest_errors(promotion: registry.Promotion) -> np.ndarray:
    since, errors = datetime.fromisoformat(promotion.time), np.array([])
    predictions = bucket("predictions")
    newest_first = sorted(joined_tables(predictions), key=lambda table: table.changed, reverse=True)
    for table in newest_first:
        if table.changed < since or len(errors) >= ENOUGH_ROWS:
            break
        answers = evaluated(predictions, table.path).filter(model=promotion.version)
        recent = answers.filter(answers["known"] >= since)
        errors = np.append(errors, recent["error"].to_numpy())
    return errors


def _keep(live_error: LiveError) -> None:
    """Store the measurement, unless nothing but its time would change."""
    stored = NEWEST.find(bucket("processed"), LIVE_ERROR) or {}
    if {name: value for name, value in stored.items() if name != "measured"} != live_error:
        measured = {**live_error, "measured": datetime.now(UTC).isoformat()}
        bucket("processed").put(LIVE_ERROR, as_json(measured))
