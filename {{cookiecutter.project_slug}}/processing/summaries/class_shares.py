"""How often each class came and was expected: more than two classes have no mean."""

import json

import numpy as np
import polars as pl

from core.schema import CLASS_NAMES, CLASSES, HAS_MEAN, OUTCOME


def shares(outcomes: pl.Series) -> str | None:
    """Return the share of each class among the outcomes, as JSON; None where a mean says it."""
    if HAS_MEAN:
        return None
    labelled = outcomes.drop_nulls()
    share = {
        name: (labelled == label).mean() for name, label in zip(CLASS_NAMES, CLASSES, strict=True)
    }
    return json.dumps(share)


def of_batch(batch: pl.DataFrame, predicted: np.ndarray) -> list[dict]:
    """Return a row for each class: the sum of its probabilities, and how often it came."""
    expected = predicted.sum(axis=0).tolist()
    return [
        {"class": name, "compared": len(batch), "expected": total}
        | {"actual": (batch[OUTCOME] == label).sum()}
        for name, label, total in zip(CLASS_NAMES, CLASSES, expected, strict=True)
    ]
