"""The error that answers lead to expect before their outcomes are known.

It is that of the evaluation rows with similar answers: what changes is which answers are given, and
not yet how wrong each of them is. (Of classes a sure answer is expected to be less wrong.)
"""

import numpy as np
import polars as pl

from core.card import ErrorsByAnswer
from core.schema import CLASSES
from processing.training.bins import bins_of


def errors_by_answer(errors: np.ndarray, predicted: np.ndarray) -> ErrorsByAnswer:
    """Return the mean of these errors in each tenth of the answers."""
    answers = _sizes(predicted)
    edges = bins_of(pl.Series(answers)).get("edges", [])
    places = np.searchsorted(edges, answers)
    means = [errors[places == place] for place in range(len(edges) + 1)]
    overall = errors.mean()
    return {
        "edges": edges,
        "errors": [float(rows.mean() if len(rows) else overall) for rows in means],
    }


def expected_error(by_answer: ErrorsByAnswer, predicted: np.ndarray) -> float:
    """Return the mean error to expect of these answers."""
    places = np.searchsorted(by_answer["edges"], _sizes(predicted))
    return float(np.array(by_answer["errors"])[places].mean())


def _sizes(predicted: np.ndarray) -> np.ndarray:
    """Return numbers as they are, and of classes the probability of the likeliest."""
    return predicted.max(axis=1) if CLASSES else predicted
