"""What a model is measured against: the baseline and the heuristic of model/estimator.py."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from processing.training.rows import Rows
from processing.training.scores import estimator_predictions


def fit_reference(make: Callable[[], Any], training: Rows, features: pl.DataFrame) -> np.ndarray:
    """Return what a baseline or heuristic, trained on some rows, predicts for others."""
    fitted = make().fit(training.features.to_pandas(), training.outcomes)
    return estimator_predictions(fitted, features)
