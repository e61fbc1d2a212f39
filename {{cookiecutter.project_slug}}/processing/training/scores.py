"""How large errors are: the one place that knows which error a task is evaluated by.

Predictions are numbers, or for classes rows of probabilities in the order of
`core.schema.CLASSES`.
"""

from typing import Any

import numpy as np
import polars as pl
from sklearn.metrics import average_precision_score, roc_auc_score

from core.inference import OnnxModel
from core.schema import CLASSES, HAS_MEAN, OUTCOME, in_order

METRIC = "log_loss" if CLASSES else "mean_absolute_error"
"""The mean of `errors`; smaller is better.

Log loss asks for the right probability also where a class is rare.
"""

METRIC_NAME = METRIC.replace("_", " ")

LEAST_PROBABILITY = 1e-6
"""A prediction that was sure and wrong counts as one in a million, not as infinitely wrong."""


def errors(actual: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return one error a row."""
    if not CLASSES:
        return np.abs(actual - predicted)
    of_true_class = np.take_along_axis(predicted, _places(actual)[:, None], axis=1).ravel()
    return -np.log(np.clip(of_true_class.astype(float), LEAST_PROBABILITY, 1))


def mean_error(actual: np.ndarray, predicted: np.ndarray) -> float:
    """Return the mean of `errors`: the value of METRIC."""
    return float(errors(actual, predicted).mean())


def metrics(actual: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Return all figures for people, METRIC first."""
    others = _of_classes(_places(actual), predicted) if CLASSES else _of_numbers(predicted - actual)
    figures = {METRIC: mean_error(actual, predicted)} | others
    return {name: float(value) for name, value in figures.items()}


def estimator_predictions(fitted: Any, features: pl.DataFrame) -> np.ndarray:
    """Return a fitted scikit-learn estimator's predictions, in the form that `errors` takes."""
    table = features.to_pandas()
    if not CLASSES:
        return fitted.predict(table)
    return in_order(fitted.predict_proba(table), fitted.classes_)


def model_predictions(model: OnnxModel, features: pl.DataFrame) -> np.ndarray:
    """Return a model's predictions for rows of stored features."""
    return model.predict_features({name: features[name].to_numpy() for name in model.inputs})


def outcome_value() -> pl.Expr:
    """Return a number for each outcome whose mean says something.

    Of numbers it is the outcome, of two classes 1 for the second, of more classes nothing.
    """
    if not CLASSES:
        return pl.col(OUTCOME)
    return (pl.col(OUTCOME) == CLASSES[1] if HAS_MEAN else pl.lit(None)).cast(pl.Float64)


def predicted_values(predicted: np.ndarray) -> np.ndarray:
    """Return what to compare with `outcome_value`: of more than two classes, NaN."""
    if not CLASSES:
        return predicted
    return predicted[:, 1] if HAS_MEAN else np.full(len(predicted), np.nan)


def _of_numbers(differences: np.ndarray) -> dict[str, Any]:
    return {
        "root_mean_squared_error": np.sqrt((differences**2).mean()),
        "mean_error": differences.mean(),
    }


def _of_classes(places: np.ndarray, predicted: np.ndarray) -> dict[str, Any]:
    right = predicted.argmax(axis=1) == places
    present = np.unique(places)
    squares = (predicted - np.eye(len(CLASSES))[places]) ** 2
    figures = {
        "accuracy": right.mean(),
        "balanced_accuracy": np.mean([right[places == place].mean() for place in present]),
        "brier_score": squares.sum(axis=1).mean() / (2 if len(CLASSES) == 2 else 1),
    }
    if len(present) > 1:  # a class is told from others only where there are others
        figures |= _ranking(places, predicted, present)
    return figures


def _ranking(places: np.ndarray, predicted: np.ndarray, present: np.ndarray) -> dict[str, Any]:
    positive = np.array([1]) if len(CLASSES) == 2 else present
    areas = [roc_auc_score(places == place, predicted[:, place]) for place in present]
    precisions = [
        average_precision_score(places == place, predicted[:, place]) for place in positive
    ]
    return {"roc_auc": np.mean(areas), "average_precision": np.mean(precisions)}


def _places(actual: np.ndarray) -> np.ndarray:
    place = {label: number for number, label in enumerate(CLASSES)}
    return np.array([place[label] for label in actual.tolist()], dtype=int)
