"""More than two classes have no mean: how often each came, and how often it was expected."""

import json

import numpy as np
import polars as pl

from core.schema import CLASS_NAMES, CLASSES, HAS_MEAN, OUTCOME


def shares(outcomes: pl.Series) -> str | None:
    """The share of each class among known outcomes, as JSON; nothing where a mean says it."""
    if HAS_MEAN:
        return None
    known = outcomes.drop_nulls()
    return json.dumps(
        {name: (known == label).mean() for name, label in zip(CLASS_NAMES, CLASSES, strict=True)}
    )


def of_batch(stored: pl.DataFrame, given: np.ndarray) -> list[dict]:
    """A line for each class: the sum of its probabilities, and how many had it of those whose outcome is known."""
    counts = {"predictions": len(stored), "actual_count": stored[OUTCOME].count()}
    return [
        {
            "class": name,
            "expected": float(given[:, place].sum()),
            "actual": (stored[OUTCOME] == label).sum(),
        }
        | counts
        for place, (name, label) in enumerate(zip(CLASS_NAMES, CLASSES, strict=True))
    ]
