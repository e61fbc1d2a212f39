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
NEWEST_BLOCKS = 30
"""So many of the newest blocks are compared with the old ones: what was before is over."""


class Blocks(TypedDict):
    """The means over blocks of so many rows, and their variances from block to block."""

    blocks: int
    rows: int
    days: float
    means: list[float]
    variances: list[float]
    likeness: list[float]


def block_length(times: pl.Series) -> tuple[int, float]:
    """Return how many rows a block of old rows has, and how many days: a day, or more if few come.

    Rows that all came within LEAST_DAYS, such as a file without times, can't say what a day is;
    their blocks have 0 days. Fewer rows than a block has are one block.
    """
    days, least = _days(times), min(LEAST_BLOCK_ROWS, len(times))
    if days < LEAST_DAYS:
        return max(least, ceil(len(times) / BLOCKS_WITHOUT_DAYS)), 0.0
    rows = max(least, ceil(len(times) / days))
    return rows, rows * days / len(times)


def newest_blocks(old: Blocks, times: pl.Series) -> tuple[int, int]:
    """Return how many rows a block of new rows has that spans as many days, and how many to take.

    There are 0 to take where fewer than LEAST_BLOCKS have come.
    """
    rows, days = old["rows"], _days(times)
    if old["days"]:
        rows = max(LEAST_BLOCK_ROWS, ceil(len(times) * old["days"] / days)) if days else len(times)
    blocks = min(NEWEST_BLOCKS, len(times) // rows)
    return rows, blocks if blocks >= LEAST_BLOCKS and old["blocks"] > 1 else 0


def _days(times: pl.Series) -> float:
    return (times[-1] - times[0]) / timedelta(days=1)


def summarised(values: np.ndarray, rows: int, days: float) -> Blocks:
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
        days=days,
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

    It is Student's two-sided test on blocks; the level is divided by the number of means. Where a
    block is like the one before it, blocks count for less, as in an autoregressive process. Of what
    was never seen before, one case in one block proves nothing: the deviation is at least that
    which the new blocks have by themselves.
    """
    likeness = np.array(old["likeness"])
    blocks = np.array([old["blocks"], new["blocks"]])[:, None]
    count = blocks * (1 - likeness) / (1 + likeness)
    variances = np.array([old["variances"], new["variances"]])
    spare = blocks.sum() - 2
    pooled = ((blocks - 1) * variances).sum(axis=0) / spare * (1 / count).sum(axis=0)
    most = stdtrit(spare, 1 - level / 2 / len(likeness))
    difference = np.abs(np.subtract(new["means"], old["means"]))
    return difference > most * np.sqrt(np.maximum(pooled, variances[1] / blocks[1]))
