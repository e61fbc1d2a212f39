"""From scikit-learn to ONNX, and the proof that both answer alike."""

import numpy as np
import onnxruntime
import polars as pl
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.pipeline import Pipeline

OPSET = {"": 21, "ai.onnx.ml": 3}
"""The newest operators that both skl2onnx and ONNX Runtime of the lock know."""

LARGEST_DIFFERENCE = 1e-3
"""Of an answer's size, or of 1 where answers are smaller: float32 carries seven digits."""


class AnswersDiffer(Exception):
    """The converted model is not the trained one."""


def convert(pipeline: Pipeline, features: pl.DataFrame) -> bytes:
    """The fitted pipeline as ONNX with one input a feature, named as the feature."""
    types = [
        (name, StringTensorType([None, 1]) if kind == pl.String else FloatTensorType([None, 1]))
        for name, kind in features.schema.items()
    ]
    return to_onnx(pipeline, initial_types=types, target_opset=OPSET).SerializeToString()


def parity(pipeline: Pipeline, onnx: bytes, features: pl.DataFrame) -> dict:
    """Compare both on these rows. Raises AnswersDiffer beyond LARGEST_DIFFERENCE."""
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    inputs = {name: features[name].to_numpy().reshape(-1, 1) for name in features.columns}
    converted = session.run(None, inputs)[0].ravel()
    trained = pipeline.predict(features.to_pandas())
    difference = float(np.max(np.abs(converted - trained) / np.maximum(1, np.abs(trained))))
    if not difference <= LARGEST_DIFFERENCE:
        raise AnswersDiffer(f"ONNX and scikit-learn differ by up to {difference:.2g}; the model is not published.")
    return {"rows": len(features), "largest_difference": difference}
