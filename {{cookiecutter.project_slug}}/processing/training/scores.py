"""How wrong answers are: the one place that knows what a task is judged by.

An answer is a number, or for classes a row of probabilities in the order of `core.schema.CLASSES`.
"""

import numpy as np
import polars as pl
from sklearn.metrics import average_precision_score, roc_auc_score

from core.schema import CLASSES, HAS_MEAN, OUTCOME, in_order

METRIC = "log_loss" if CLASSES else "mean_absolute_error"
"""The mean of `errors`; smaller is better. Log loss asks for the right probability also where a class is rare."""

LEAST_PROBABILITY = 1e-6
"""An answer that was sure and wrong counts as one in a million, not as infinitely wrong."""


def errors(actual: np.ndarray, given: np.ndarray) -> np.ndarray:
    """One error a row."""
    if not CLASSES:
        return np.abs(actual - given)
    of_the_true_class = np.take_along_axis(given, _places(actual)[:, None], axis=1).ravel()
    return -np.log(np.clip(of_the_true_class.astype(float), LEAST_PROBABILITY, 1))


def metrics(actual: np.ndarray, given: np.ndarray) -> dict[str, float]:
    """All figures for people, METRIC first."""
    figures = {METRIC: errors(actual, given).mean()}
    figures |= _of_classes(_places(actual), given) if CLASSES else _of_numbers(given - actual)
    return {name: float(value) for name, value in figures.items()}


def answers(fitted, features: pl.DataFrame) -> np.ndarray:
    """What a fitted scikit-learn estimator answers, in the form that `errors` takes."""
    if not CLASSES:
        return fitted.predict(features.to_pandas())
    return in_order(fitted.predict_proba(features.to_pandas()), fitted.classes_)


def outcome_value() -> pl.Expr:
    """A number whose mean says something: the outcome; of two classes, 1 for the second; of more, nothing."""
    if not CLASSES:
        return pl.col(OUTCOME)
    return (pl.col(OUTCOME) == CLASSES[1] if HAS_MEAN else pl.lit(None)).cast(pl.Float64)


def answer_values(given: np.ndarray) -> np.ndarray:
    """What to hold against `outcome_value`: the number; of two classes, the second's probability; of more, NaN."""
    if not CLASSES:
        return given
    return given[:, 1] if HAS_MEAN else np.full(len(given), np.nan)


def _of_numbers(differences: np.ndarray) -> dict:
    return {
        "root_mean_squared_error": np.sqrt((differences**2).mean()),
        "mean_error": differences.mean(),
    }


def _of_classes(places: np.ndarray, given: np.ndarray) -> dict:
    right = given.argmax(axis=1) == places
    present = np.unique(places)
    squared = (given - np.eye(len(CLASSES))[places]) ** 2
    figures = {
        "accuracy": right.mean(),
        "balanced_accuracy": np.mean([right[places == place].mean() for place in present]),
        "brier_score": squared.sum(axis=1).mean() / (2 if len(CLASSES) == 2 else 1),
    }
    if len(present) > 1:  # a class is told from others only where there are others
        figures["roc_auc"] = np.mean(
            [roc_auc_score(places == place, given[:, place]) for place in present]
        )
        sought = [1] if len(CLASSES) == 2 else present
        precision = [average_precision_score(places == place, given[:, place]) for place in sought]
        figures["average_precision"] = np.mean(precision)
    return figures


def _places(actual: np.ndarray) -> np.ndarray:
    place = {label: number for number, label in enumerate(CLASSES)}
    return np.array([place[label] for label in actual.tolist()], dtype=int)
