"""A real model on few rows: what the tests of prediction publish and promote."""

import hashlib
from functools import cache

import numpy as np
import polars as pl
from obstore.store import ObjectStore

from core import registry
from core.champion import Champion
from core.schema import columns, field_types
from model.estimator import estimator
from model.features import features
from model.schema import Question
from prediction.api import example
from processing.conversion import convert

ASKED = example(Question)


@cache
def onnx(minutes: float) -> bytes:
    """Trained on flights that take this long, and a minute more every eight miles."""
    question = Question.model_validate(ASKED, strict=False)
    distances = np.linspace(100, 3000, 200)
    table = pl.DataFrame(features(columns([question.model_copy(update={"distance": miles}) for miles in distances])))
    return convert(estimator().fit(table.to_pandas(), minutes + distances / 8), table)


def publish(models: ObjectStore, version: str, minutes: float = 20, **changes) -> None:
    """Publish a version with its card; `changes` are what is wrong with it."""
    content = onnx(minutes)
    answer = Champion(content, {"version": version}).predict([Question.model_validate(ASKED, strict=False)])[0]
    card = {
        "version": version,
        "fields": field_types(),
        "checksum": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "example": {"question": ASKED, "answer": answer},
    }
    registry.publish(models, version, content, card | changes)


def promote(models: ObjectStore, version: str) -> None:
    registry.promote(models, version, "a test", after=registry.champion(models))
