"""What a model is measured against: the baseline and the heuristic of model/estimator.py."""

from collections.abc import Callable
from typing import Any

import numpy as np

from processing.training.scores import estimator_predictions
from processing.training.window import Rows


def fit_reference(make: Callable[[], Any], training: Rows, rows: Rows) -> np.ndarray:
    """Return what a baseline or heuristic, trained on the same rows as a model, predicts."""
    fitted = make().fit(training.features.to_pandas(), training.outcomes)
    return estimator_predictions(fitted, rows.features)
