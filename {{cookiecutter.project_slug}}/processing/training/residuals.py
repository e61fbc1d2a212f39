"""What a model's predictions leave unexplained, in a form that can be compared over time.

Of numbers a residual is outcome minus prediction. Of classes there is one for each class, 1 or 0
minus its probability; of two classes one is enough. Both are in units of their mean absolute value
on the rows that evaluated the model.
"""

from dataclasses import dataclass

import numpy as np
from typing_extensions import TypedDict

from core.schema import CLASSES
from processing.training.scores import errors

LARGEST_SHARE = 0.99
"""Larger errors than so many of the old ones count as those: no single row weighs much."""

LARGEST_DEVIATION = 3.0
"""In standard deviations, how far from the mean a prediction counts."""


class Scales(TypedDict):
    """The units of residuals, errors and predictions, one for each kind of residual."""

    residual: list[float]
    most: float
    error: float
    mean: list[float]
    deviation: list[float]


@dataclass(frozen=True)
class Residuals:
    """Of each row its error, its residuals, and how far its predictions are from their mean."""

    errors: np.ndarray
    residuals: np.ndarray
    predictions: np.ndarray

    def slice(self, start: int, end: int) -> "Residuals":
        """Return the rows from one place to another."""
        parts = (self.errors, self.residuals, self.predictions)
        return Residuals(*(part[start:end] for part in parts))

    def calibration(self) -> np.ndarray:
        """Return the residuals, and their products with the prediction.

        Means of the first show predictions that are too low or too high; means of the second those
        that are too low where they are high, and too high where they are low.
        """
        return np.hstack([self.residuals, self.residuals * self.predictions])

    def off(self) -> float:
        """Return how far predictions are too low or too high, as a share of their mean error."""
        mean, size = self.residuals.mean(axis=0), np.abs(self.residuals).mean(axis=0)
        return float((np.abs(mean) / _positive(size)).max())

    def given(self, members: np.ndarray) -> np.ndarray:
        """Return the residuals in each bin of a feature, but for what all bins have in common."""
        centred = self.residuals - self.residuals.mean(axis=0)
        products = centred[:, :, None] * members[:, None, :]
        return products.reshape(len(members), -1)


def scales(actual: np.ndarray, predicted: np.ndarray) -> Scales:
    """Return the units that the residuals of these rows have, and of all that come later."""
    differences, table = _differences(actual, predicted), _table(predicted)
    unit = _positive(np.abs(differences).mean(axis=0))
    return Scales(
        residual=unit.tolist(),
        most=float(np.quantile(np.abs(differences / unit), LARGEST_SHARE)),
        error=float(np.quantile(errors(actual, predicted), LARGEST_SHARE)),
        mean=table.mean(axis=0).tolist(),
        deviation=_positive(table.std(axis=0)).tolist(),
    )


def residuals(actual: np.ndarray, predicted: np.ndarray, units: Scales) -> Residuals:
    """Return what predictions leave unexplained, in the units of older rows."""
    relative = _differences(actual, predicted) / units["residual"]
    apart = (_table(predicted) - units["mean"]) / units["deviation"]
    return Residuals(
        errors=np.minimum(errors(actual, predicted), units["error"])[:, None],
        residuals=relative if CLASSES else np.clip(relative, -units["most"], units["most"]),
        predictions=np.clip(apart, -LARGEST_DEVIATION, LARGEST_DEVIATION),
    )


def _differences(actual: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    if not CLASSES:
        return (actual - predicted)[:, None]
    happened = np.array(actual)[:, None] == np.array(CLASSES, dtype=actual.dtype)
    return (happened - predicted)[:, _told_apart()]


def _table(predicted: np.ndarray) -> np.ndarray:
    return predicted[:, _told_apart()] if CLASSES else predicted[:, None]


def _told_apart() -> slice:
    """Return the classes that have a residual of their own: of two, only the second."""
    return slice(1, None) if len(CLASSES) == 2 else slice(None)


def _positive(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, values, 1.0)
