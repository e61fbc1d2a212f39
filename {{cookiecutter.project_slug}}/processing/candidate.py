"""Train a candidate on the newest window and publish it with its card. Promoting it is another step."""

import hashlib
import json
from datetime import UTC, datetime
from importlib.metadata import version as installed

import numpy as np
import polars as pl
from obstore.store import ObjectStore

from core import registry
from core.champion import Champion
from core.schema import OUTCOME, OUTCOME_UNIT, field_types, json_schema
from core.tables import TIME
from model.estimator import baseline, estimator
from model.schema import TASK, Question
from processing.code import code_digest
from processing.conversion import convert, parity
from processing.scores import METRIC, errors
from processing.window import Window

PACKAGES = ("scikit-learn", "skl2onnx", "onnx", "onnxruntime", "numpy", "polars")
PARITY_ROWS = 10_000


def version_of(window: Window) -> str:
    """The name of the model that this window and today's code make: the same input, the same name."""
    made_of = [window.digest, code_digest(), [installed(name) for name in PACKAGES]]
    digest = hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:8]
    return f"{window.rows[TIME].max():%Y%m%d}-{digest}"


def train(models: ObjectStore, window: Window) -> str:
    """Train, convert, check and publish the window's candidate, unless it exists. Returns its version."""
    version = version_of(window)
    if version not in registry.versions(models):
        features, outcomes = window.training
        fitted = estimator().fit(features.to_pandas(), outcomes)
        onnx = registry.keep(models, version, convert(fitted, features))
        compared = parity(fitted, onnx, window.judging[0][-PARITY_ROWS:])
        registry.publish(models, version, onnx, _card(version, window, onnx, compared))
    return version


def _card(version: str, window: Window, onnx: bytes, compared: dict) -> dict:
    model = Champion(onnx, {"version": version})
    return {
        "version": version,
        "task": TASK,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "outcome": {"name": OUTCOME, "unit": OUTCOME_UNIT},
        "metrics": _metrics(model, window),
        "window": _span(window.rows[TIME][: window.cut]) | {"digest": window.digest},
        "judged_on": _span(window.rows[TIME][window.cut :]),
        "rows": {"training": window.cut, "judging": len(window.rows) - window.cut},
        "features": {name: str(kind) for name, kind in window.features.schema.items()},
        "fields": field_types(),
        "schema": json_schema(),
        "packages": {name: installed(name) for name in PACKAGES},
        "checksum": f"sha256:{hashlib.sha256(onnx).hexdigest()}",
        "parity": compared,
        "example": _example(model, window),
    }


def _metrics(model: Champion, window: Window) -> dict:
    features, outcomes = window.judging
    naive = baseline().fit(np.zeros((window.cut, 1)), window.training[1]).predict(np.zeros((len(outcomes), 1)))
    return {
        METRIC: float(errors(outcomes, predict(model, features)).mean()),
        f"baseline_{METRIC}": float(errors(outcomes, naive).mean()),
    }


def predict(model: Champion, features: pl.DataFrame) -> np.ndarray:
    """The model's answers for rows of stored features."""
    return model.predict_features({name: features[name].to_numpy() for name in model.inputs})


def _example(model: Champion, window: Window) -> dict:
    values = window.rows.select(*Question.model_fields).row(-1, named=True)
    question = Question.model_validate(values)
    return {"question": question.model_dump(mode="json"), "answer": model.predict([question])[0]}


def _span(times: pl.Series) -> dict:
    return {"from": times.min().isoformat(), "to": times.max().isoformat()}
