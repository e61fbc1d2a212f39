"""Whether new rows still look like those that the champion was trained on.

The measure is the population stability index: the sum over bins of (new - old) * ln(new / old),
with the shares of rows in each bin. Of outcomes that are classes it is the largest factor by which
one has become more or less frequent, as a logarithm: a rare class that is three times as frequent
hardly moves the index. Without any drift both are larger the fewer rows there are, so they are
compared with what as many rows drawn from the old shares would give.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import numpy as np
import polars as pl
from obstore.store import ObjectStore
from typing_extensions import TypedDict

from core.card import Card
from core.documents import Documents, Time
from core.layout import DRIFT
from core.schema import CLASSES, OUTCOME
from core.storage import as_json
from processing.training.window import Rows

BINS = 10
MOST_VALUES = 20
DRAWS = 2_000
NOTABLE = 0.2
"""From here on a shift is called notable by convention; smaller ones never alarm."""

NOTABLE_FACTOR = float(np.log(2))
"""As notable as that is a class twice or half as frequent."""

CERTAINTY = 0.999
"""The share of draws without drift that must lie below: one false alarm in a thousand."""

LEAST_SHARE = 1e-4
"""A bin that is empty on one side still has a logarithm."""


class ColumnDrift(TypedDict):
    """How far a column has drifted, and from which score on that alarms."""

    name: str
    score: float
    threshold: float
    alarm: bool


class DriftMeasurement(TypedDict):
    """The drift of all columns, of so many rows that are new to this version."""

    version: str
    measured: Time
    rows: int
    alarm: bool
    columns: list[ColumnDrift]


NEWEST = Documents(DRIFT, DriftMeasurement)


def distributions(rows: Rows) -> dict[str, dict]:
    """Return how each feature and the outcome are spread over bins, as the card keeps it."""
    columns = {f"feature {name}": rows.features[name] for name in rows.features.columns}
    outcome = rows.rows[OUTCOME]
    columns[f"outcome {OUTCOME}"] = outcome.cast(pl.String) if CLASSES else outcome
    return {name: distribution(column) for name, column in columns.items()}


def distribution(column: pl.Series) -> dict:
    """Return the bins of a column, and the share of its rows in each."""
    bins = _bins(column)
    return bins | {"shares": _shares(column, bins).tolist()}


def _bins(column: pl.Series) -> dict:
    if column.dtype.is_numeric():
        values = column.cast(pl.Float64).drop_nulls().drop_nans().to_numpy()
        quantiles = np.linspace(0, 1, BINS + 1)[1:-1]
        return {"edges": np.unique(np.quantile(values, quantiles)).tolist() if len(values) else []}
    counts = column.cast(pl.String).value_counts(sort=True)
    return {"values": counts.head(MOST_VALUES).to_series(0).to_list()}


def _shares(column: pl.Series, bins: dict) -> np.ndarray:
    """Return the share of each bin, and of one more for missing values and those of no bin."""
    counts = _counts_by_edge if "edges" in bins else _counts_by_value
    return counts(column, bins) / max(1, len(column))


def _counts_by_edge(column: pl.Series, bins: dict) -> np.ndarray:
    edges = bins["edges"]
    numbers = column.cast(pl.Float64).fill_null(np.nan).to_numpy()
    missing = len(edges) + 1
    places = np.where(np.isnan(numbers), missing, np.searchsorted(edges, numbers))
    return np.bincount(places, minlength=missing + 1)


def _counts_by_value(column: pl.Series, bins: dict) -> np.ndarray:
    count = dict(column.cast(pl.String).value_counts().iter_rows())
    counts = [count.get(value, 0) for value in bins["values"]]
    return np.array([*counts, len(column) - sum(counts)])


def stability_index(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Return the population stability index of shares, along the last axis."""
    old, new = np.maximum(old, LEAST_SHARE), np.maximum(new, LEAST_SHARE)
    return ((new - old) * np.log(new / old)).sum(axis=-1)


def largest_factor(old: np.ndarray, new: np.ndarray, least: float) -> np.ndarray:
    """Return the largest change of a share as a logarithm, along the last axis.

    A share below `least` counts as that.
    """
    return np.abs(np.log(np.maximum(new, least) / np.maximum(old, least))).max(axis=-1)


def measure(card: Card, rows: Rows) -> list[ColumnDrift]:
    """Compare each column of the card with the same column of new rows."""
    random = np.random.default_rng(0)
    return [_column_drift(name, bins, rows, random) for name, bins in card["distributions"].items()]


def _column_drift(name: str, bins: dict, rows: Rows, random: np.random.Generator) -> ColumnDrift:
    kind, _, column = name.partition(" ")
    values = rows.features[column] if kind == "feature" else rows.rows[column]
    old = np.array(bins["shares"])
    without_drift = random.multinomial(len(rows), old / old.sum(), size=DRAWS) / len(rows)
    index, notable = _index(kind, len(rows))
    threshold = max(notable, float(np.quantile(index(old, without_drift), CERTAINTY)))
    score = float(index(old, _shares(values, bins)))
    return {"name": name, "score": score, "threshold": threshold, "alarm": score > threshold}


def _index(kind: str, rows: int) -> tuple[Callable, float]:
    """Return how drift of a feature or the outcome is measured, and from where it is notable."""
    if CLASSES and kind == "outcome":
        return partial(largest_factor, least=1 / rows), NOTABLE_FACTOR
    return stability_index, NOTABLE


def store(
    processed: ObjectStore, version: str, rows: int, columns: list[ColumnDrift]
) -> DriftMeasurement:
    """Keep the newest measurement, and return it."""
    measurement = DriftMeasurement(
        version=version,
        measured=datetime.now(UTC).isoformat(),
        rows=rows,
        alarm=any(column["alarm"] for column in columns),
        columns=columns,
    )
    processed.put(DRIFT, as_json(measurement))
    return measurement


def newest_measurement(processed: ObjectStore) -> DriftMeasurement | None:
    """Return the newest measurement, or None before the first one."""
    return NEWEST.find(processed, DRIFT)
