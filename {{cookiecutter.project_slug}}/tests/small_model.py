"""A real model on few rows: what the tests of prediction publish and promote."""

import hashlib
from functools import cache

import numpy as np
import polars as pl
from obstore.store import ObjectStore

from core import features, registry
from core.inference import OnnxModel
from core.schema import CLASSES, OUTCOME, field_types
from core.tables import question_columns
from model.estimator import estimator
from model.schema import Outcome, Question
from model.source import extract
from prediction.api import example
from processing.rows.ingest import check_batch
from processing.training.conversion import convert

ASKED = example(Question)
HAPPENED = example(Outcome)[OUTCOME]


@cache
def raw_sample() -> pl.DataFrame:
    """Return a raw file as text: the first that model/source.py delivers."""
    content = next((content for _, content in extract(set())), None)
    assert content, (
        "model/source.py delivers no file to test with: let `extract` yield a small one."
    )
    return pl.read_csv(content, infer_schema=False)


@cache
def onnx(shift: int) -> bytes:
    """Train on outcomes that are so much larger, or so many classes further."""
    raw = raw_sample()
    rows, _ = check_batch(raw.sample(min(400, len(raw)), seed=0).with_row_index("row", offset=1))
    rows = rows.filter(pl.col(OUTCOME).is_not_null())
    table = pl.DataFrame(features.compute(question_columns(rows)))
    return convert(
        estimator().fit(table.to_pandas(), shifted(rows[OUTCOME].to_list(), shift)), table
    )


def shifted(outcomes: list, shift: int) -> np.ndarray:
    if not CLASSES:
        return np.array(outcomes) + shift
    return np.array([CLASSES[(CLASSES.index(label) + shift) % len(CLASSES)] for label in outcomes])


def publish(models: ObjectStore, version: str, shift: int = 0, **changes) -> None:
    """Publish a version with its card; `changes` are what is wrong with it."""
    content = onnx(shift)
    answer = OnnxModel(content).predict([Question.model_validate(ASKED, strict=False)])[0]
    card = {
        "version": version,
        "fields": field_types(),
        "checksum": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "example": {"question": ASKED, "answer": answer},
    }
    registry.publish(models, version, content, card | changes)


def promote(models: ObjectStore, version: str) -> None:
    registry.promote(models, version, "a test", after=registry.newest_promotion(models))
