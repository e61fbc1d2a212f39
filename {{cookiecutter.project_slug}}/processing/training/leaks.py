"""Errors that are too good to be true, and the features without which they are gone.

A column that is known only after the event lets a model look perfect until it is asked.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl

from processing.training.scores import METRIC, METRIC_NAME, errors, estimator_predictions, metrics
from processing.training.window import Rows

LEAST_ERROR = 0.05
"""The share of the naive baseline's error below which an error is too good to be true."""

MOST_AREA = 0.995
"""And the area under the ROC curve above which it is; of several classes, their mean."""

AREA = "roc_auc"

MOST_FEATURES = 3
"""So many features are taken away at most: each costs a training."""

MOST_ROWS = 20_000
MOST_SHUFFLED_ROWS = 2_000

Fit = Callable[[Rows], Any]


def suspicions(fit: Fit, training: Rows, judging: Rows, figures: dict[str, float]) -> list[str]:
    """Return a sentence if a model's figures on the evaluation rows are too good to be true.

    `fit` trains the model on some rows.
    """
    reason = _too_good(figures)
    if not reason:
        return []
    names, honest = _without_which_gone(fit, training.slice(-MOST_ROWS), judging, figures)
    figure = AREA if "ROC" in reason else METRIC
    return [f"Too good to be true? {reason} {_advice(names, honest, figure)}"]


def _too_good(figures: dict[str, float]) -> str:
    error, naive = figures[METRIC], figures[f"baseline_{METRIC}"]
    if error < LEAST_ERROR * naive:
        return (
            f"Its {METRIC_NAME} of {error:.3g} is below {LEAST_ERROR:.0%} of the naive "
            f"baseline's {naive:.3g}."
        )
    if figures.get(AREA, 0) > MOST_AREA:
        return f"Its area under the ROC curve of {figures[AREA]:.4f} is above {MOST_AREA:g}."
    return ""


def _advice(names: Sequence[str], honest: dict[str, float], figure: str) -> str:
    if not honest:
        return (
            "It is not due to a few features: look for evaluation rows that were trained on in "
            "another form, and for an outcome that follows from all features together."
        )
    return (
        f"Without {' and '.join(names)} it is {honest[figure]:.3g}. Make sure that "
        f"{'this is' if len(names) == 1 else 'these are'} known when a question is asked, not "
        "only after the event."
    )


def _without_which_gone(
    fit: Fit, training: Rows, judging: Rows, figures: dict[str, float]
) -> tuple[list[str], dict[str, float]]:
    """Return the features without which the figures are believable, and those figures.

    A feature is taken away by shuffling it in training, so that the estimator finds its columns.
    There are no figures if taking MOST_FEATURES away is not enough.
    """
    names: list[str] = []
    while True:
        fitted = fit(_shuffled(training, names))
        found = metrics(judging.outcomes, estimator_predictions(fitted, judging.features))
        if names and not _too_good(figures | found):
            return names, found
        if len(names) == min(MOST_FEATURES, len(training.features.columns)):
            return names, {}
        names.append(_most_important(fitted, judging.slice(-MOST_SHUFFLED_ROWS), names))


def _most_important(fitted: Any, rows: Rows, known: list[str]) -> str:
    """Return the feature whose shuffling makes the error largest."""

    def error(name: str) -> float:
        features = _shuffled(rows, [name]).features
        return float(errors(rows.outcomes, estimator_predictions(fitted, features)).mean())

    return max((name for name in rows.features.columns if name not in known), key=error)


def _shuffled(rows: Rows, names: list[str]) -> Rows:
    order = np.random.default_rng(0).permutation(len(rows))
    return Rows(rows.rows, rows.features.with_columns(pl.col(name).gather(order) for name in names))
