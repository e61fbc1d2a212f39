"""Whether new rows still look like those that the champion was trained on.

The measure is the population stability index: the sum over bins of (new - old) * ln(new / old), with the
shares of rows in each bin. Of classes it is the largest factor by which one has become more or less frequent, as
a logarithm: a rare class that is three times as frequent hardly moves the other index. Without any drift both are
larger the fewer rows there are, so they are compared with what as many rows drawn from the old shares would give.
"""

import json
from datetime import UTC, datetime
from functools import partial

import numpy as np
import polars as pl
from obstore.store import ObjectStore

from core.schema import CLASSES, OUTCOME
from core.storage import read
from processing.training.window import Rows

STORED = "drift.json"

BINS = 10
MOST_VALUES = 20
DRAWS = 2_000
NOTABLE = 0.2
"""From here on a shift is called notable by convention; smaller ones never alarm, however sure they are."""

NOTABLE_FACTOR = float(np.log(2))
"""As notable as that is a class twice or half as frequent."""

SURE = 0.999
"""The share of draws without drift that must lie below; there is one chance in a thousand for a false alarm."""

OTHERS = "(others)"
LEAST_SHARE = 1e-4
"""A bin that one side does not know still has a logarithm."""


def distributions(rows: Rows) -> dict[str, dict]:
    """How each feature and the outcome are spread over bins, as the card keeps it."""
    columns = {f"feature {name}": rows.features[name] for name in rows.features.columns}
    outcome = (
        rows.rows[OUTCOME].cast(pl.String) if CLASSES else rows.rows[OUTCOME]
    )  # a class is no quantity
    return {
        name: _spread(column)
        for name, column in (columns | {f"outcome {OUTCOME}": outcome}).items()
    }


def _spread(column: pl.Series) -> dict:
    if column.dtype.is_numeric():
        inner = np.unique(np.nanquantile(column.to_numpy(), np.linspace(0, 1, BINS + 1)[1:-1]))
        edges = [float(edge) for edge in inner]
        return {"edges": edges, "shares": _shares(column, {"edges": edges})}
    values = column.cast(pl.String).value_counts(sort=True).head(MOST_VALUES).to_series(0).to_list()
    return {"values": values, "shares": _shares(column, {"values": values})}


def _shares(column: pl.Series, bins: dict) -> list[float]:
    return (_counts(column, bins) / max(1, len(column))).tolist()


def _counts(column: pl.Series, bins: dict) -> np.ndarray:
    """Rows in each bin, and in one more for what is missing or among no bin's values."""
    if "edges" in bins:
        numbers = column.cast(pl.Float64).fill_null(np.nan).to_numpy()
        places = np.where(
            np.isnan(numbers), len(bins["edges"]) + 1, np.searchsorted(bins["edges"], numbers)
        )
        return np.bincount(places, minlength=len(bins["edges"]) + 2)
    counted = dict(column.cast(pl.String).value_counts().iter_rows())
    known = [counted.get(value, 0) for value in bins["values"]]
    return np.array([*known, len(column) - sum(known)])


def stability_index(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """The population stability index of shares, along the last axis."""
    old, new = np.maximum(old, LEAST_SHARE), np.maximum(new, LEAST_SHARE)
    return ((new - old) * np.log(new / old)).sum(axis=-1)


def largest_factor(old: np.ndarray, new: np.ndarray, least: float) -> np.ndarray:
    """The largest change of a share, along the last axis; what is rarer than `least` counts as that."""
    return np.abs(np.log(np.maximum(new, least) / np.maximum(old, least))).max(axis=-1)


def measure(card: dict, rows: Rows) -> list[dict]:
    """Each column of the card beside the same column of new rows: its index, the threshold, and whether it alarms."""
    found = []
    factor = partial(largest_factor, least=1 / len(rows))
    draw = np.random.default_rng(0)
    for name, bins in card["distributions"].items():
        kind, _, column = name.partition(" ")
        values = rows.features[column] if kind == "feature" else rows.rows[column]
        shares = np.array(bins["shares"])
        without_drift = draw.multinomial(len(rows), shares / shares.sum(), size=DRAWS) / len(rows)
        index, notable = (
            (factor, NOTABLE_FACTOR)
            if CLASSES and kind == "outcome"
            else (stability_index, NOTABLE)
        )
        threshold = max(notable, float(np.quantile(index(shares, without_drift), SURE)))
        score = float(index(shares, np.array(_shares(values, bins))))
        found.append(
            {"name": name, "score": score, "threshold": threshold, "alarm": score > threshold}
        )
    return found


def store(processed: ObjectStore, version: str, rows: int, found: list[dict]) -> dict:
    """Keep the newest measurement, and return it."""
    alarm = any(column["alarm"] for column in found)
    measured = datetime.now(UTC).isoformat()
    kept = {
        "version": version,
        "measured": measured,
        "rows": rows,
        "alarm": alarm,
        "columns": found,
    }
    processed.put(STORED, json.dumps(kept, indent=1).encode())
    return kept


def stored(processed: ObjectStore) -> dict | None:
    """The newest measurement, or None before the first one."""
    try:
        return json.loads(read(processed, STORED))
    except FileNotFoundError:
        return None
