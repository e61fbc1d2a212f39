"""Confidence intervals of a mean, from resampling."""

import numpy as np

DRAWS = 1_000
COVERAGE = 0.95
MOST_VALUES = 20_000


def interval(values: np.ndarray) -> tuple[float, float]:
    """Return the percentile bootstrap interval of the mean (Efron 1979), at COVERAGE.

    The draws are the same every time. Of more than MOST_VALUES values an even selection is
    resampled, and the interval narrowed by the root of its share: that is how the spread of a
    mean shrinks with the number of values.
    """
    sample = values[:: max(1, len(values) // MOST_VALUES)]
    edges = np.quantile(_means(sample), [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    shrinkage = np.sqrt(len(sample) / len(values))
    low, high = values.mean() + (edges - sample.mean()) * shrinkage
    return float(low), float(high)


def _means(sample: np.ndarray) -> np.ndarray:
    random = np.random.default_rng(0)
    draws = (random.integers(0, len(sample), len(sample)) for _ in range(DRAWS))
    return np.array([sample[draw].mean() for draw in draws])
