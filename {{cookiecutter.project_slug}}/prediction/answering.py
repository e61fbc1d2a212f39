"""Answers and reported outcomes: each is in the journal before its response is sent."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from core.answers import Answer, Report, Stamp
from core.ids import new_id
from core.inference import Model
from core.layout import ANSWERS, REPORTS
from core.schema import CLASSES, class_name, key
from model.schema import Question
from prediction.journal import Journal
from prediction.metrics import (
    ANSWERED,
    PREDICTION_SECONDS,
    PREDICTIONS,
    PREDICTIONS_BY_CLASS,
    PREDICTIONS_VALUE,
)
from prediction.problems import Problem

log = logging.getLogger(__name__)


@PREDICTION_SECONDS.time()
def answer(
    champion: Model, questions: Sequence[Question], client: str, journal: Journal
) -> list[dict]:
    """Predict, keep and count. Every answer returned is in the journal and may be sent."""
    answers: list[dict[str, Any]] = [
        {"id": new_id(), **named(prediction), "model": champion.version}
        for prediction in champion.predict(questions)
    ]
    now = datetime.now(UTC)
    stamp = stamp_of(client, now)
    lines = [
        Answer(**answer, key=key(question), question=question.model_dump(mode="json"), **stamp)
        for answer, question in zip(answers, questions, strict=True)
    ]
    keep(journal, ANSWERS, now, lines)
    count(champion.version, [answer["prediction"] for answer in answers])
    return answers


def report(reports: Sequence[BaseModel], client: str, journal: Journal) -> None:
    """Keep outcomes, each with the id of its answer or the key of its question."""
    now = datetime.now(UTC)
    stamp = stamp_of(client, now)
    outcomes = [report.model_dump(mode="json", exclude_none=True) for report in reports]
    keep(journal, REPORTS, now, [Report(**outcome, **stamp) for outcome in outcomes])


def named(prediction: float | dict) -> dict[str, Any]:
    """Return a prediction by the names of its parts; a class comes with its probabilities."""
    return prediction if isinstance(prediction, dict) else {"prediction": prediction}


def stamp_of(client: str, time: datetime) -> Stamp:
    """Return who asked, and when, as it is stored."""
    return {"time": time.isoformat(timespec="milliseconds"), "client": client}


def keep(
    journal: Journal, folder: str, time: datetime, lines: Sequence[Answer] | Sequence[Report]
) -> None:
    """Write lines to the journal. Raise a Problem if the disk does not take them."""
    try:
        journal.write(folder, time, lines)
    except OSError as error:
        log.error("The journal can't be written: %s", error)
        raise Problem(
            503, "This could not be stored, so nothing was done. Try again later."
        ) from None


def count(version: str, predictions: list) -> None:
    """Count predictions by value, so that a model that always says the same can be seen."""
    ANSWERED.inc(len(predictions))
    PREDICTIONS.labels(version).inc(len(predictions))
    for prediction in predictions:
        if CLASSES:
            PREDICTIONS_BY_CLASS.labels(version, class_name(prediction)).inc()
        else:
            PREDICTIONS_VALUE.labels(version).observe(prediction)
