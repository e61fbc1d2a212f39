"""Train candidates on the newest rows and publish the best with its card. Promoting it is another step."""

import hashlib
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version as installed

import numpy as np
import polars as pl
from obstore.store import ObjectStore
from sklearn.pipeline import Pipeline

from core import registry
from core.code import code_digest
from core.inference import Model
from core.schema import CLASSES, OUTCOME, OUTCOME_UNIT, field_types, json_schema
from model.estimator import WINDOW_DAYS, baseline, estimator, rule_of_thumb
from model.schema import TASK, Question
from processing.training.conversion import compare, convert
from processing.training.drift import distributions
from processing.training.scores import METRIC, answers, errors, metrics
from processing.training.window import Rows, TooFewRows, Window

PACKAGES = ("scikit-learn", "skl2onnx", "onnx", "onnxruntime", "numpy", "polars")
PARITY_ROWS = 10_000
TIMED_ROWS = 50


@dataclass(frozen=True)
class Fitted:
    """A trained pipeline, how far back it learned, and its error on the rows that choose."""

    pipeline: Pipeline
    days: int
    error: float


def version_of(window: Window) -> str:
    """The name of the model that these rows and today's code make: the same input, the same name."""
    made_of = [window.digest, code_digest(), [installed(name) for name in PACKAGES]]
    digest = hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:8]
    return f"{window.known.times.max():%Y%m%d}-{digest}"


def train(models: ObjectStore, window: Window, causes: list[str]) -> str:
    """Train, choose, convert and publish the window's candidate, unless it exists. Returns its version."""
    version = version_of(window)
    if version not in registry.versions(models):
        tried = [fit(window, days) for days in distinct_windows(window)]
        best = min(tried, key=lambda fitted: fitted.error)
        onnx = registry.keep(models, version, convert(best.pipeline, window.known.features))
        card = {"version": version, "causes": causes} | _card(
            Model(onnx, {"version": version}), window, best
        )
        card["tried"] = {f"{fitted.days} days": fitted.error for fitted in tried}
        card["checksum"] = f"sha256:{hashlib.sha256(onnx).hexdigest()}"
        registry.publish(models, version, onnx, card)
    return version


def distinct_windows(window: Window) -> list[int]:
    """WINDOW_DAYS without those that reach back no further than a shorter one, or in which one class is all there is.

    Raises TooFewRows if none is left.
    """
    outcomes = {days: window.training(days).outcomes for days in sorted(WINDOW_DAYS, reverse=True)}
    lengths = {
        len(known): days for days, known in outcomes.items() if not CLASSES or len(set(known)) > 1
    }
    if not lengths:
        raise TooFewRows(
            f"All rows to learn from have the same {OUTCOME}; it takes two classes to tell apart."
        )
    return sorted(lengths.values())


def fit(window: Window, days: int) -> Fitted:
    """Train on so many days and see how well it does on the rows that choose."""
    training, choosing = window.training(days), window.choosing
    pipeline = estimator().fit(training.features.to_pandas(), training.outcomes)
    error = errors(choosing.outcomes, answers(pipeline, choosing.features)).mean()
    return Fitted(pipeline, days, float(error))


def predict(model: Model, features: pl.DataFrame) -> np.ndarray:
    """The model's answers for rows of stored features."""
    return model.predict_features({name: features[name].to_numpy() for name in model.inputs})


def _card(model: Model, window: Window, best: Fitted) -> dict:
    training, judging = window.training(best.days), window.judging
    return {
        "task": TASK,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "outcome": {"name": OUTCOME, "unit": OUTCOME_UNIT},
        "metrics": _metrics(model, training, judging),
        "window": _span(training.times) | {"days": best.days, "digest": window.digest},
        "judged_on": _span(judging.times),
        "rows": {
            "training": len(training),
            "sampled_from": round(len(training) / window.share),
            "judging": len(judging),
        },
        "features": {name: str(kind) for name, kind in training.features.schema.items()},
        "fields": field_types(),
        "schema": json_schema(),
        "packages": {name: installed(name) for name in PACKAGES},
        "code": code_digest(),
        "parity": compare(best.pipeline, model, judging.features[-PARITY_ROWS:]),
        "milliseconds": _milliseconds(model, judging),
        "distributions": distributions(training),
        "example": _example(model, judging),
    }


def _metrics(model: Model, training: Rows, judging: Rows) -> dict:
    def mean_error(given: np.ndarray) -> float:
        return float(errors(judging.outcomes, given).mean())

    return {
        **metrics(judging.outcomes, predict(model, judging.features)),
        f"baseline_{METRIC}": mean_error(fit_and_answer(baseline(), training, judging)),
        f"rule_of_thumb_{METRIC}": mean_error(fit_and_answer(rule_of_thumb(), training, judging)),
    }


def fit_and_answer(other, training: Rows, judging: Rows) -> np.ndarray:
    """What the baseline or the rule of thumb answers, having learned from the same rows."""
    return answers(other.fit(training.features.to_pandas(), training.outcomes), judging.features)


def _milliseconds(model: Model, judging: Rows) -> float:
    """The median time that one question takes, from the question to the answer."""
    questions = [_question(judging, place) for place in range(min(TIMED_ROWS, len(judging)))]
    taken = []
    for question in questions:
        started = time.perf_counter()
        model.predict([question])
        taken.append(time.perf_counter() - started)
    return float(np.median(taken) * 1000)


def _example(model: Model, judging: Rows) -> dict:
    question = _question(judging, -1)
    return {"question": question.model_dump(mode="json"), "answer": model.predict([question])[0]}


def _question(rows: Rows, place: int) -> Question:
    return Question.model_validate(rows.rows.select(*Question.model_fields).row(place, named=True))


def _span(times: pl.Series) -> dict:
    return {"from": times.min().isoformat(), "to": times.max().isoformat()}
