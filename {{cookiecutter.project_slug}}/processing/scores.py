"""How wrong predictions are, by the kind of task that `model/schema.py` names."""

import numpy as np

from model.schema import TASK


def _absolute_errors(actual: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    return np.abs(actual - predicted)


ERRORS = {"regression": ("mean_absolute_error", _absolute_errors)}
"""Each task's metric and the function that gives one error a row; a smaller mean is better."""

METRIC, errors = ERRORS[TASK]
