"""Trains candidates on the newest rows and publish the best. Promoting it is another step."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version as installed
from typing import Any

import numpy as np
import polars as pl
from obstore.store import ObjectStore
from sklearn.pipeline import Pipeline

from core import registry
from core.card import Card, Example, Span
from core.code import code_digest
from core.inference import OnnxModel, checksum
from core.schema import CLASSES, OUTCOME, OUTCOME_UNIT, field_types, json_schema
from core.tables import newest_time
from model.estimator import WINDOW_DAYS, baseline, estimator, rule_of_thumb
from model.schema import TASK, Question
from processing.training import cost, drift, gaps, leaks
from processing.training.conversion import compare, convert
from processing.training.references import fit_reference
from processing.training.scores import (
    METRIC,
    estimator_predictions,
    mean_error,
    metrics,
    model_predictions,
)
from processing.training.window import Rows, TooFewRows, Window

PACKAGES = ("scikit-learn", "skl2onnx", "onnx", "onnxruntime", "numpy", "polars")
PARITY_ROWS = 10_000
TIMED_ROWS = 50


@dataclass(frozen=True)
class Fitted:
    """A trained pipeline, how far back it learned, and its error on the validation rows."""

    pipeline: Pipeline
    days: int
    error: float


def version_of(window: Window) -> str:
    """Return the version that these rows and today's code make: the same input, the same name."""
    packages = [installed(name) for name in PACKAGES]
    inputs = json.dumps([window.digest, code_digest(), packages])
    digest = hashlib.sha256(inputs.encode()).hexdigest()[:8]
    return f"{newest_time(window.labelled.times):%Y%m%d}-{digest}"


def train(models: ObjectStore, window: Window, causes: list[str]) -> str:
    """Train, choose, convert and publish the window's candidate, unless it exists.

    Returns its version. Raises TooFewRows.
    """
    version, start = version_of(window), cost.so_far()
    if version not in registry.versions(models):
        fits = [fit(window, days) for days in distinct_windows(window)]
        best = min(fits, key=lambda fitted: fitted.error)
        onnx = registry.keep(models, version, convert(best.pipeline, window.labelled.features))
        card = _card(version, causes, window, fits, best, onnx)
        card["cost"] = cost.since(start)
        registry.publish(models, version, onnx, card)
    return version


def distinct_windows(window: Window) -> list[int]:
    """Return those of WINDOW_DAYS that differ in their rows and hold more than one class.

    Of windows with the same rows the shortest stays. Raises TooFewRows if none is left.
    """
    days_by_length = {}
    for days in sorted(WINDOW_DAYS, reverse=True):
        outcomes = window.training(days).outcomes
        if not CLASSES or len(set(outcomes)) > 1:
            days_by_length[len(outcomes)] = days
    if not days_by_length:
        raise TooFewRows(
            f"All rows to learn from have the same {OUTCOME}; "
            "it takes two classes to tell them apart."
        )
    return sorted(days_by_length.values())


def fit(window: Window, days: int) -> Fitted:
    """Train on so many days, and measure the error on the validation rows."""
    training, validation = window.training(days), window.validation
    pipeline = _fitted(training)
    predicted = estimator_predictions(pipeline, validation.features)
    return Fitted(pipeline, days, mean_error(validation.outcomes, predicted))


@cost.training
def _fitted(training: Rows) -> Pipeline:
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


def _card(
    version: str, causes: list[str], window: Window, fits: list[Fitted], best: Fitted, onnx: bytes
) -> Card:
    model, training, holdout = OnnxModel(onnx), window.training(best.days), window.holdout
    predicted = model_predictions(model, holdout.features)
    figures = _metrics(predicted, training, holdout)
    return {
        "version": version,
        "task": TASK,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "causes": causes,
        "outcome": {"name": OUTCOME, "unit": OUTCOME_UNIT},
        "metrics": figures,
        "window": {**_span(training.times), "days": best.days, "digest": window.digest},
        "judged_on": _span(holdout.times),
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
        "parity": compare(best.pipeline, model, holdout.features[-PARITY_ROWS:]),
        "milliseconds": _milliseconds(model, holdout),
        "gaps": gaps.shares(training.rows),
        "warnings": leaks.suspicions(_fitted, training, holdout, figures),
        "reference": dict(drift.reference(training, holdout, predicted)),
        "example": _example(model, holdout),
        "tried": {f"{fitted.days} days": fitted.error for fitted in fits},
        "checksum": checksum(onnx),
    }


def _metrics(predicted: np.ndarray, training: Rows, holdout: Rows) -> dict[str, float]:
    def reference_error(make: Callable[[], Any]) -> float:
        return mean_error(holdout.outcomes, fit_reference(make, training, holdout.features))

    return {
        **metrics(holdout.outcomes, predicted),
        f"baseline_{METRIC}": reference_error(baseline),
        f"rule_of_thumb_{METRIC}": reference_error(rule_of_thumb),
    }


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
