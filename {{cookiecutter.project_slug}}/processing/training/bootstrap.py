"""How sure a mean is, from resampling."""

import numpy as np

DRAWS = 1_000
COVERED = 0.95
MOST_VALUES = 20_000


def interval(values: np.ndarray) -> tuple[float, float]:
    """The percentile bootstrap interval of the mean (Efron 1979), at COVERED, with the same draws every time.

    Of more than MOST_VALUES values an even selection is resampled and the interval narrowed by the root of
    the share, which is how the spread of a mean shrinks with its number of values.
    """
    chosen = values[:: max(1, len(values) // MOST_VALUES)]
    draw = np.random.default_rng(0)
    means = np.array(
        [chosen[draw.integers(0, len(chosen), len(chosen))].mean() for _ in range(DRAWS)]
    )
    edges = np.quantile(means, [(1 - COVERED) / 2, (1 + COVERED) / 2])
    low, high = values.mean() + (edges - chosen.mean()) * np.sqrt(len(chosen) / len(values))
    return float(low), float(high)
