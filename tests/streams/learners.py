"""Cheap estimators for the streams: each fits a week in milliseconds, and returns one error a row.

Their error is the absolute one, or of classes the log loss, as the platform has it.
"""

from collections.abc import Callable

import numpy as np
from kinds import GROUPS, Stream
from processing.training.rows import Rows
from processing.training.scores import LEAST_PROBABILITY
from sklearn.linear_model import LogisticRegression

NUMBERS = ["a", "b", "c"]

Predictor = Callable[[Rows], np.ndarray]


def _matrix(rows: Rows) -> np.ndarray:
    groups = rows.features["group"].to_numpy()
    return np.hstack([rows.features.select(NUMBERS).to_numpy(), np.eye(GROUPS)[groups]])


def linear(rows: Rows) -> Predictor:
    """Fit by least squares, with a little ridge."""
    x = _matrix(rows)
    weights = np.linalg.solve(x.T @ x + np.eye(x.shape[1]), x.T @ rows.outcomes)
    return lambda asked: _matrix(asked) @ weights


def medians(rows: Rows) -> Predictor:
    """Return the median of each group."""
    outcomes, groups = rows.outcomes, rows.features["group"].to_numpy()
    overall = np.median(outcomes)
    of_groups = [outcomes[groups == group] for group in range(GROUPS)]
    table = np.array([np.median(values) if len(values) else overall for values in of_groups])
    return lambda asked: table[asked.features["group"].to_numpy()]


def logistic(rows: Rows) -> Predictor:
    """Fit probabilities of classes; one that training never met gets 0."""
    fitted = LogisticRegression(solver="newton-cholesky", tol=1e-3).fit(
        _matrix(rows), rows.outcomes
    )

    def predict(asked: Rows) -> np.ndarray:
        probabilities = np.zeros((len(asked), int(max(fitted.classes_)) + 2))
        probabilities[:, fitted.classes_.astype(int)] = fitted.predict_proba(_matrix(asked))
        return probabilities

    return predict


class Learner:
    """The estimator of a stream, its naive baseline, and the errors of both."""

    def __init__(self, stream: Stream):
        self.classes = stream.classes
        self.kind = {"linear": linear, "medians": medians, "logistic": logistic}[stream.learner]
        self.fits: dict[tuple, Predictor] = {}

    def fit(self, rows: Rows) -> Predictor:
        """Fit on rows, once for the same ones."""
        name = (len(rows), rows.times[0], rows.times[-1])
        if name not in self.fits:
            self.fits[name] = self.kind(rows)
        return self.fits[name]

    def errors(self, predict: Predictor, asked: Rows) -> np.ndarray:
        """Return one error a row."""
        return self._errors(asked.outcomes, predict(asked))

    def naive(self, training: Rows) -> Callable[[Rows], np.ndarray]:
        """Return the errors of what ignores the question: the median, or the shares of classes."""
        outcomes = training.outcomes
        if self.classes:
            counts = np.bincount(outcomes.astype(int), minlength=self.classes + 1)
            answer = counts / len(outcomes)
        else:
            answer = np.median(outcomes)
        return lambda asked: self._errors(
            asked.outcomes, np.broadcast_to(answer, (len(asked), *np.shape(answer)))
        )

    def _errors(self, outcomes: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        if not self.classes:
            return np.abs(outcomes - predicted)
        of_true = predicted[np.arange(len(outcomes)), outcomes.astype(int)]
        return -np.log(np.clip(of_true, LEAST_PROBABILITY, 1))
