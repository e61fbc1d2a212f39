"""Answers and reported outcomes: each is in the journal before its response is sent."""

import json
import logging
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
from pydantic import BaseModel

from core.answers import Report, Stamp
from core.ids import new_ids
from core.inference import Model, as_json
from core.layout import ANSWERS, REPORTS
from core.schema import CLASS_NAMES, CLASSES, columns, key
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

quoted = lru_cache(1024)(json.dumps)
"""Names of clients and versions as JSON, of which there are few."""

compact = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


@PREDICTION_SECONDS.time()
def answer(
    champion: Model, questions: Sequence[Question], clients: Iterable[str], journal: Journal
) -> list[str]:
    """Predict, keep and count. Every answer returned is in the journal and may be sent.

    An answer is the members of its JSON object, `"id":…,"prediction":…`, without the braces; the
    clients are those that asked, one for each question. Whatever this raises, nothing was kept.
    """
    predicted = champion.predict_columns(columns(questions))
    answers = [
        f'"id":"{id}",{prediction}'
        for id, prediction in zip(new_ids(len(questions)), members(predicted), strict=True)
    ]
    now = datetime.now(UTC)
    model, time = quoted(champion.version), written(now)
    lines = [
        f'{{{answer},"model":{model},"key":{json.dumps(key(question))},'
        f'"question":{question.model_dump_json()},"time":"{time}","client":{quoted(client)}}}'
        for answer, question, client in zip(answers, questions, clients, strict=True)
    ]
    with stored():
        journal.append(ANSWERS, now, lines)
    count(champion.version, predicted)
    return answers


def one(answer: str, champion: Model) -> bytes:
    """Return an answer as the body of a response."""
    return f'{{{answer},"model":{quoted(champion.version)}}}'.encode()


def many(answers: Iterable[str], champion: Model) -> bytes:
    """Return answers as the body of one response, with the version above them."""
    predictions = ",".join(f"{{{answer}}}" for answer in answers)
    return f'{{"model":{quoted(champion.version)},"predictions":[{predictions}]}}'.encode()


def report(reports: Sequence[BaseModel], client: str, journal: Journal) -> None:
    """Keep outcomes, each with the id of its answer or the key of its question."""
    now = datetime.now(UTC)
    stamp: Stamp = {"time": written(now), "client": client}
    outcomes = [report.model_dump(mode="json", exclude_none=True) for report in reports]
    with stored():
        journal.write(REPORTS, now, [Report(**outcome, **stamp) for outcome in outcomes])


def members(predicted: np.ndarray) -> list[str]:
    """Return predictions as members of a JSON object; a class comes with its probabilities.

    Raises ValueError for a number that JSON does not know.
    """
    answers = as_json(predicted)
    if CLASSES:
        return [compact(answer)[1:-1] for answer in answers]
    if not all(map(math.isfinite, answers)):
        raise ValueError("The model answered with a number that is not finite.")
    return [f'"prediction":{answer!r}' for answer in answers]


def written(time: datetime) -> str:
    """Return a time as it is stored."""
    return time.isoformat(timespec="milliseconds")


@contextmanager
def stored() -> Iterator[None]:
    """Raise a Problem if the disk does not take what the block writes."""
    try:
        yield
    except OSError as error:
        log.error("The journal can't be written: %s", error)
        raise Problem(
            503, "This could not be stored, so nothing was done. Try again later."
        ) from None


def count(version: str, predicted: np.ndarray) -> None:
    """Count predictions by value, so that a model that always says the same can be seen."""
    ANSWERED.inc(len(predicted))
    PREDICTIONS.labels(version).inc(len(predicted))
    if not CLASSES:
        return PREDICTIONS_VALUE.add(version, len(predicted), sum(predicted.tolist()))
    for place, times in Counter(predicted.argmax(axis=1).tolist()).items():
        PREDICTIONS_BY_CLASS.labels(version, CLASS_NAMES[place]).inc(times)
