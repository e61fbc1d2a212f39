"""From scikit-learn to ONNX, and the proof that both predict alike."""

import json
from typing import Any

import numpy as np
import polars as pl
from onnx.helper import set_model_props
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.pipeline import Pipeline, make_pipeline

from core.card import Parity
from core.inference import OnnxModel
from core.schema import CLASSES
from processing.training.scores import estimator_predictions, model_predictions

OPSET = {"": 21, "ai.onnx.ml": 3}
"""The newest operators that both skl2onnx and ONNX Runtime of the lock know."""


def convert(pipeline: Pipeline, features: pl.DataFrame) -> bytes:
    """Return the fitted pipeline as ONNX with one input a feature, named as the feature.

    The model of a classifier says which class each column of its probabilities belongs to.
    """
    types = [(name, _tensor(kind)) for name, kind in features.schema.items()]
    # Probabilities as a table, not as one dictionary a row.
    options = {"zipmap": False} if CLASSES else None
    behind_columns = _by_columns(pipeline, features)
    model: Any = to_onnx(
        behind_columns,
        initial_types=types,  # pyrefly: ignore[bad-argument-type]  it lacks tensor types
        target_opset=OPSET,
        options=options,
    )
    if CLASSES:
        set_model_props(model, {"classes": json.dumps(pipeline.classes_.tolist())})
    return model.SerializeToString()


def _tensor(kind: pl.DataType) -> StringTensorType | FloatTensorType:
    one_column = [None, 1]
    return StringTensorType(one_column) if kind == pl.String else FloatTensorType(one_column)


def _by_columns(pipeline: Pipeline, features: pl.DataFrame) -> Pipeline:
    """Put a column transformer first: skl2onnx gives one input a feature to nothing else."""
    first = pipeline[0] if isinstance(pipeline, Pipeline) else pipeline
    if isinstance(first, ColumnTransformer):
        return pipeline
    unchanged = make_column_transformer(("passthrough", features.columns))
    return make_pipeline(unchanged.fit(features.head(1).to_pandas()), pipeline)


def compare(pipeline: Pipeline, model: OnnxModel, features: pl.DataFrame) -> Parity:
    """Return the largest difference between the predictions of both on these rows.

    It is relative to the prediction's size, or to 1 where predictions are smaller.
    """
    trained = estimator_predictions(pipeline, features)
    converted = model_predictions(model, features)
    difference = np.abs(converted - trained) / np.maximum(1, np.abs(trained))
    return {"rows": len(features), "largest_difference": float(difference.max())}
