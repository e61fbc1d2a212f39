"""From scikit-learn to ONNX, and the proof that both answer alike."""

import json

import numpy as np
import polars as pl
from onnx.helper import set_model_props
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.pipeline import Pipeline, make_pipeline

from core.inference import Model
from core.schema import CLASSES
from processing.training.scores import answers

OPSET = {"": 21, "ai.onnx.ml": 3}
"""The newest operators that both skl2onnx and ONNX Runtime of the lock know."""


def convert(pipeline: Pipeline, features: pl.DataFrame) -> bytes:
    """The fitted pipeline as ONNX with one input a feature, named as the feature.

    The model of a classifier says which class each column of its probabilities belongs to.
    """
    types = [
        (name, StringTensorType([None, 1]) if kind == pl.String else FloatTensorType([None, 1]))
        for name, kind in features.schema.items()
    ]
    options = (
        {"zipmap": False} if CLASSES else None
    )  # probabilities as a table, not as one dictionary a row
    model = to_onnx(
        _by_columns(pipeline, features), initial_types=types, target_opset=OPSET, options=options
    )
    if CLASSES:
        set_model_props(model, {"classes": json.dumps(pipeline.classes_.tolist())})
    return model.SerializeToString()


def _by_columns(pipeline: Pipeline, features: pl.DataFrame) -> Pipeline:
    """The same pipeline behind columns: skl2onnx gives one input a feature to nothing but a column transformer."""
    first = pipeline[0] if isinstance(pipeline, Pipeline) else pipeline
    if isinstance(first, ColumnTransformer):
        return pipeline
    as_they_are = make_column_transformer(("passthrough", features.columns))
    return make_pipeline(as_they_are.fit(features.head(1).to_pandas()), pipeline)


def compare(pipeline: Pipeline, model: Model, features: pl.DataFrame) -> dict:
    """The largest difference between both on these rows, of an answer's size, or of 1 where answers are smaller."""
    trained = answers(pipeline, features)
    converted = model.predict_features({name: features[name].to_numpy() for name in model.inputs})
    difference = np.abs(converted - trained) / np.maximum(1, np.abs(trained))
    return {"rows": len(features), "largest_difference": float(difference.max())}
