"""A real model on few rows: what the tests of prediction publish and promote."""

from functools import cache

import numpy as np
import polars as pl
from obstore.store import ObjectStore
from onnx import helper, load_from_string, numpy_helper

from core import features, registry
from core.inference import OnnxModel, checksum, processor_seconds
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


def burning(content: bytes, products: int, size: int = 640) -> bytes:
    """Return the same model, which multiplies so many matrices before each answer."""
    model = load_from_string(content)
    (*_, output) = model.graph.output
    for node in model.graph.node:
        node.output[:] = ["quick" if name == output.name else name for name in node.output]
    make = helper.make_node
    # Below 1 / size, so that no product overflows; at random, so that none is computed in advance.
    nodes = [make("RandomUniform", [], ["p0"], shape=[size, size], high=1 / size)]
    nodes += [make("MatMul", [f"p{n}", "p0"], [f"p{n + 1}"]) for n in range(products)]
    nodes += [
        make("ReduceMean", [f"p{products}"], ["mean"], keepdims=0),
        make("Mul", ["mean", "nothing"], ["zero"]),
        make("Add", ["quick", "zero"], [output.name]),
    ]
    model.graph.node.extend(nodes)
    model.graph.initializer.append(numpy_helper.from_array(np.array(0, np.float32), "nothing"))
    return model.SerializeToString()


@cache
def slow(seconds: float) -> bytes:
    """Return a model that uses the processor for about so long before each answer."""
    tried = OnnxModel(burning(onnx(0), 10))
    took = processor_seconds(lambda: tried.predict([Question.model_validate(ASKED, strict=False)]))
    return burning(onnx(0), max(1, round(10 * seconds / took)))


def publish(
    models: ObjectStore, version: str, shift: int = 0, seconds: float = 0, **changes
) -> None:
    """Publish a version with its card; `changes` are what is wrong with it."""
    content = slow(seconds) if seconds else onnx(shift)
    answer = OnnxModel(content).predict([Question.model_validate(ASKED, strict=False)])[0]
    card = {
        "version": version,
        "fields": field_types(),
        "checksum": checksum(content),
        "example": {"question": ASKED, "answer": answer},
    }
    registry.publish(models, version, content, card | changes)


def promote(models: ObjectStore, version: str) -> None:
    registry.promote(models, version, "a test", after=registry.newest_promotion(models))
