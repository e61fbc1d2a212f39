"""Means of blocks of consecutive rows, and whether they differ beyond chance.

Rows of one day or one source are more alike than rows at random. How much a mean varies without
any drift is therefore taken from how much it has varied from block to block, and not from the
number of rows.
"""

from datetime import timedelta
from math import ceil

import numpy as np
import polars as pl
from scipy.special import stdtrit
from typing_extensions import TypedDict

BLOCKS_WITHOUT_DAYS = 60
LEAST_DAYS = 3
LEAST_BLOCK_ROWS = 20
"""A mean of so many rows is spread nearly normally, if no single row can weigh much."""

LARGEST_LIKENESS = 0.9

LEAST_BLOCKS = 3
NEWEST_BLOCKS = 20
"""So many of the newest blocks are compared with the old ones: what was before is over."""


class Blocks(TypedDict):
    """The means over blocks of so many rows, and their variances from block to block."""

    blocks: int
    rows: int
    means: list[float]
    variances: list[float]
    likeness: list[float]


def block_rows(times: pl.Series) -> int:
    """Return how many rows a block has, given when the old rows were: those of a day.

    Rows that all came within LEAST_DAYS, such as a file without times, can't say what a day is.
    """
    days = (times[-1] - times[0]) / timedelta(days=1)
    blocks = days if days >= LEAST_DAYS else BLOCKS_WITHOUT_DAYS
    return max(LEAST_BLOCK_ROWS, ceil(len(times) / blocks))


def summarised(values: np.ndarray, rows: int) -> Blocks:
    """Return the means and variances of some quantities, one column each, over all blocks.

    The oldest rows, which fill no block, are left out. A variance is at least that of independent
    rows, so that quantities that have hardly ever been other than 0 are not called constant.
    """
    count = len(values) // rows
    newest = values[len(values) - count * rows :].reshape(count, rows, -1)
    means = np.array([block.mean(axis=0) for block in newest])
    within = np.mean([block.var(axis=0) for block in newest], axis=0)
    independent = (within + means.var(axis=0)) / rows
    between = means.var(axis=0, ddof=1) if count > 1 else 0
    return Blocks(
        blocks=count,
        rows=rows,
        means=means.mean(axis=0).tolist(),
        variances=np.maximum(between, independent).tolist(),
        likeness=_likeness(means).tolist(),
    )


def _likeness(means: np.ndarray) -> np.ndarray:
    """Return the correlation of neighbouring blocks, from 0 to LARGEST_LIKENESS."""
    apart = means - means.mean(axis=0)
    square = (apart**2).sum(axis=0)
    product = (apart[1:] * apart[:-1]).sum(axis=0)
    likeness = np.divide(product, square, out=np.zeros_like(square), where=square > 0)
    return np.clip(likeness, 0, LARGEST_LIKENESS)


def beyond_chance(old: Blocks, new: Blocks, level: float) -> np.ndarray:
    """Return which means have changed, at an error rate of `level` for all of them together.

    It is Student's two-sided test on blocks; the level is divided by the number of means. The old
    must be two blocks at least. Where the new means vary more than the old ones, Welch's larger
    deviation counts: of something that was never seen, one case in one block proves nothing.
    """
    likeness = np.array(old["likeness"])
    repeats = (1 + likeness) / (1 - likeness)
    count = np.array([old["blocks"], new["blocks"]])[:, None] / repeats
    spare = np.maximum(count - 1, 0)
    variances = np.array([old["variances"], new["variances"]])
    pooled = (spare * variances).sum(axis=0) / spare.sum(axis=0) * (1 / count).sum(axis=0)
    separate = (variances / count).sum(axis=0)
    most = stdtrit(spare.sum(axis=0), 1 - level / 2 / len(likeness))
    difference = np.abs(np.subtract(new["means"], old["means"]))
    return difference > most * np.sqrt(np.maximum(pooled, separate))
