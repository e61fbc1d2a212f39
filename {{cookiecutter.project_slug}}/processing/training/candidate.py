"""Trains a candidate on the newest rows and publishes it. Promoting it is another step."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version as installed
from itertools import islice
from typing import Any, cast

import numpy as np
import polars as pl
from obstore.store import ObjectStore
from sklearn.pipeline import Pipeline

from core import registry
from core.card import Card, Example, Outcomes, Span, Trial
from core.code import code_digest
from core.inference import OnnxModel, checksum
from core.schema import CLASSES, OUTCOME, OUTCOME_UNIT, field_types, json_schema
from core.tables import newest_time
from model.estimator import WINDOW_DAYS, baseline, estimator, rule_of_thumb
from model.schema import TASK, Question
from processing.training import cost, drift, gaps, leaks
from processing.training.causes import last_candidate
from processing.training.conversion import compare, convert
from processing.training.expectation import errors_by_answer
from processing.training.lateness import Lateness
from processing.training.references import fit_reference
from processing.training.rows import Rows, TooFewRows
from processing.training.scores import (
    METRIC,
    errors,
    estimator_predictions,
    mean_error,
    metrics,
    model_predictions,
)
from processing.training.trials import best_window, try_windows
from processing.training.window import LEAST_TO_TRAIN, Window

PACKAGES = ("scikit-learn", "skl2onnx", "onnx", "onnxruntime", "numpy", "polars")
PARITY_ROWS = 10_000
TIMED_ROWS = 50

OF_ONE_CLASS = (
    f"All rows to learn from have the same {OUTCOME}; it takes two classes to tell them apart."
)


def version_of(window: Window) -> str:
    """Return the version that these rows and today's code make: the same input, the same name."""
    return f"{newest_time(window.labelled.times):%Y%m%d}-{_digest_of(window.digest)}"


def may_be_published(models: ObjectStore, window: str) -> bool:
    """Return whether a version is of the window with this digest; no row is read to tell."""
    return any(name.endswith(f"-{_digest_of(window)}") for name in registry.versions(models))


def _digest_of(window: str) -> str:
    packages = [installed(name) for name in PACKAGES]
    inputs = json.dumps([window, code_digest(), packages])
    return hashlib.sha256(inputs.encode()).hexdigest()[:8]


def train(models: ObjectStore, window: Window, causes: list[str]) -> str:
    """Choose a window, train on it, convert and publish the candidate, unless it exists.

    What answers once it is promoted learns from the newest rows; its twin, which is judged, from
    those before the newest cut. Returns the version. Raises TooFewRows.
    """
    version, start = version_of(window), cost.so_far()
    if version not in registry.versions(models):
        trials = _trials(models, window)
        days = best_window(trials)
        training = window.labelled.newest(days)
        pipeline = fit(training)
        made = Made(
            window,
            days,
            training,
            pipeline,
            _stored(models, registry.model_path(version), pipeline, training),
            _stored(models, registry.twin_path(version), fit(window.training(days)), training),
        )
        card = _card(version, causes, made, trials)
        card["cost"] = cost.since(start)
        registry.publish(models, version, made.onnx, card)
    return version


@dataclass(frozen=True)
class Made:
    """What a candidate was made from, and what came of it."""

    window: Window
    days: int
    training: Rows
    pipeline: Pipeline
    onnx: bytes
    twin: bytes


def _stored(models: ObjectStore, path: str, pipeline: Pipeline, training: Rows) -> bytes:
    return registry.keep(models, path, convert(pipeline, training.features))


def _trials(models: ObjectStore, window: Window) -> list[Trial]:
    """Try windows at past cuts; what the last candidate's card tells need not be tried again.

    The very first model is waited for, so only the newest cut chooses its window.
    """
    last, windows = last_candidate(models), distinct_windows(window)
    if last is None:
        return list(try_windows(islice(window.lessons, 1), windows, _measure))
    card = registry.card(models, last["version"])
    tried = card.get("trials", []) if card["code"] == code_digest() else []
    return list(try_windows(window.lessons, windows, _measure, tried))


def _measure(training: Rows, asked: Rows) -> float:
    if not _can_teach(training):
        raise TooFewRows(OF_ONE_CLASS)
    return mean_error(asked.outcomes, estimator_predictions(fit(training), asked.features))


def distinct_windows(window: Window) -> list[int]:
    """Return those of WINDOW_DAYS that differ in their rows, and hold enough and several classes.

    Of windows with the same rows the shortest stays. Raises TooFewRows if none is left.
    """
    days_by_length = {}
    for days in sorted(WINDOW_DAYS, reverse=True):
        training = window.training(days)
        if len(training) >= LEAST_TO_TRAIN and _can_teach(training):
            days_by_length[len(training)] = days
    if not days_by_length:
        raise TooFewRows(_why_none_teaches(window))
    return sorted(days_by_length.values())


def _why_none_teaches(window: Window) -> str:
    days = max(WINDOW_DAYS)
    rows = len(window.training(days))
    if rows >= LEAST_TO_TRAIN:
        return OF_ONE_CLASS
    return (
        f"The {days} days of the longest window hold {rows} rows with an outcome to train on; "
        f"{LEAST_TO_TRAIN} is the least. Make WINDOW_DAYS in model/estimator.py longer, or see "
        "whether `to_rows` loses outcomes."
    )


def _can_teach(training: Rows) -> bool:
    return not CLASSES or len(set(training.outcomes)) > 1


@cost.training
def fit(training: Rows) -> Pipeline:
    """Train the estimator. Raises TooFewRows if it fails for features that are always missing."""
    try:
        return estimator().fit(training.features.to_pandas(), training.outcomes)
    except ValueError as error:
        empty = [column.name for column in training.features if _is_empty(column)]
        if not empty:
            raise
        raise TooFewRows(
            f"The features {', '.join(empty)} are missing in all {len(training)} rows to learn "
            "from, which this estimator can't take. Leave them out of features(), or fill them."
        ) from error


def _is_empty(column: pl.Series) -> bool:
    values = column.drop_nans() if column.dtype.is_float() else column
    return values.drop_nulls().is_empty()


def _card(version: str, causes: list[str], made: Made, trials: list[Trial]) -> Card:
    window, training, days = made.window, made.training, made.days
    model, holdout, for_twin = OnnxModel(made.onnx), window.holdout, window.training(days)
    predicted = model_predictions(OnnxModel(made.twin), holdout.features)
    figures = _metrics(predicted, for_twin, holdout)
    return {
        "version": version,
        "task": TASK,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "causes": causes,
        "outcome": {"name": OUTCOME, "unit": OUTCOME_UNIT},
        "metrics": figures,
        "window": {**_span(training.times), "days": days, "digest": window.digest},
        "twin": {
            **_span(for_twin.times),
            "rows": len(for_twin),
            "checksum": checksum(made.twin),
        },
        "judged_on": _span(holdout.times),
        "outcomes": _outcomes(window.lateness),
        "rows": {
            "training": len(training),
            "sampled_from": round(len(training) / window.share),
            "judging": len(holdout),
        },
        "features": {name: str(kind) for name, kind in training.features.schema.items()},
        "fields": field_types(),
        "schema": json_schema(),
        "packages": {name: installed(name) for name in PACKAGES},
        "code": code_digest(),
        "parity": compare(made.pipeline, model, holdout.features[-PARITY_ROWS:]),
        "milliseconds": _milliseconds(model, holdout),
        "gaps": gaps.shares(training.rows),
        "warnings": leaks.suspicions(fit, for_twin, holdout, figures),
        "reference": dict(drift.reference(training, holdout, predicted)),
        "errors_by_answer": errors_by_answer(errors(holdout.outcomes, predicted), predicted),
        "example": _example(model, holdout),
        "trials": trials,
        "checksum": checksum(made.onnx),
    }


def _metrics(predicted: np.ndarray, training: Rows, holdout: Rows) -> dict[str, float]:
    def reference_error(make: Callable[[], Any]) -> float:
        return mean_error(holdout.outcomes, fit_reference(make, training, holdout.features))

    return {
        **metrics(holdout.outcomes, predicted),
        f"baseline_{METRIC}": reference_error(baseline),
        f"rule_of_thumb_{METRIC}": reference_error(rule_of_thumb),
    }


def _outcomes(lateness: Lateness) -> Outcomes:
    return cast(Outcomes, {**asdict(lateness), "warning": lateness.warning})


def _milliseconds(model: OnnxModel, rows: Rows) -> float:
    """Return the median time that one question takes, from the question to the answer."""
    questions = [_question(rows, place) for place in range(min(TIMED_ROWS, len(rows)))]
    seconds = []
    for question in questions:
        start = time.perf_counter()
        model.predict([question])
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds) * 1000)


def _example(model: OnnxModel, rows: Rows) -> Example:
    question = _question(rows, -1)
    return {"question": question.model_dump(mode="json"), "answer": model.predict([question])[0]}


def _question(rows: Rows, place: int) -> Question:
    fields = rows.rows.select(*Question.model_fields)
    return Question.model_validate(fields.row(place, named=True))


def _span(times: pl.Series) -> Span:
    return {"from": times[0].isoformat(), "to": times[-1].isoformat()}
