"""From checked questions to answers that are kept."""

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from core.ids import new_id
from core.inference import Model
from core.schema import CLASSES, class_name, key
from model.schema import Question
from prediction.journal import Journal
from prediction.metrics import (
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
    """Predict, keep, count. What this returns is in the journal already and may be sent."""
    answers = [
        {"id": new_id(), **(told if CLASSES else {"prediction": told}), "model": champion.version}
        for told in champion.predict(questions)
    ]
    asked = (
        {"key": key(question), "question": question.model_dump(mode="json")}
        for question in questions
    )
    keep(journal, "live", client, map(dict.__or__, answers, asked))
    count(champion.version, [one["prediction"] for one in answers])
    return answers


def count(version: str, predictions: list) -> None:
    """Tell Prometheus how many there were, and which, so that a model that always says the same is seen."""
    PREDICTIONS.labels(version).inc(len(predictions))
    for prediction in predictions:
        if CLASSES:
            PREDICTIONS_BY_CLASS.labels(version, class_name(prediction)).inc()
        else:
            PREDICTIONS_VALUE.labels(version).observe(prediction)


def keep(journal: Journal, kind: str, client: str, records: Iterable[dict]) -> None:
    """Write to the journal who was told what, and when. Raises a Problem if the disk does not take it."""
    now = datetime.now(UTC)
    stamp = {"time": now.isoformat(timespec="milliseconds"), "client": client}
    try:
        journal.write(kind, now, [record | stamp for record in records])
    except OSError as error:
        log.error("The journal can't be written: %s", error)
        raise Problem(
            503, "This could not be written down, so it was not done. Ask again later."
        ) from None
