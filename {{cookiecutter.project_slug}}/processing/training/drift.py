"""Whether the champion still fits the world, by rows that are newer than all it has seen.

Four things are compared with the rows that trained and evaluated it:

- `error`: its error, which is what matters in the end;
- `calibration`: whether its predictions are too low or too high, on average or where they are high;
- `outcome given …`: whether the outcome still follows from a feature as it did, by the residuals in
  each bin of the feature;
- `feature …` and `outcome …`: how a column is spread, by the population stability index, the sum
  over bins of (new - old) * ln(new / old). Of outcomes that are classes it is the largest factor by
  which one has become more or less frequent, as a logarithm: a rare class that is three times as
  frequent hardly moves the index.

Each alarms if it is notable and beyond chance: `processing/training/blocks.py` says what chance is.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import NotRequired

import numpy as np
import polars as pl
from obstore.store import ObjectStore
from typing_extensions import TypedDict

from core.documents import Documents, Time
from core.layout import DRIFT
from core.schema import CLASSES, OUTCOME
from core.tables import newest_time
from model.retraining import NEW_ROWS, WORSE_BY
from processing.training.bins import Bins, bins_of, members
from processing.training.blocks import (
    Blocks,
    beyond_chance,
    block_length,
    newest_blocks,
    summarised,
)
from processing.training.residuals import Residuals, Scales, residuals, scales
from processing.training.rows import Rows

FALSE_ALARMS = 0.001
"""Without drift, so many measurements alarm at most, however many columns they have."""

OWN_SHARE = 0.8
"""So much of that is for the model's own error and calibration, the rest for all columns."""

NOTABLE_INDEX = 0.2
"""From here on a shift is called notable by convention; smaller ones never alarm."""

NOTABLE_FACTOR = float(np.log(2))
"""As notable as that is a class twice or half as frequent."""

NOTABLE_RESIDUAL = 0.2
"""And a mean residual of a fifth of its unit."""

LEAST_SHARE = 1e-4
"""A bin that is empty on one side still has a logarithm."""

OFF_ROWS = 3
"""So many times the least rows of NEW_ROWS show whether predictions are off: fewer, by chance."""

MOST_AGES = 12
LEAST_ROWS_OF_AN_AGE = 50


class Spread(TypedDict):
    """How a column is spread: its bins, and the share of each."""

    bins: Bins
    shares: Blocks


class Fit(TypedDict):
    """What the model left unexplained on the rows that evaluated it."""

    scales: Scales
    error: Blocks
    calibration: Blocks
    given: dict[str, Blocks]


class Reference(TypedDict):
    """What new rows are compared with, as the card keeps it."""

    columns: dict[str, Spread]
    fit: Fit


class Score(TypedDict):
    """How far something has drifted, and from which score on that is notable."""

    name: str
    score: float
    threshold: float


class ColumnDrift(Score):
    """And whether that is notable and beyond chance."""

    alarm: bool


class AgeDrift(TypedDict):
    """The scores on rows that came up to so many days after the newest that the champion knows."""

    days: float
    rows: int
    scores: list[Score]


class DriftMeasurement(TypedDict):
    """The drift of the newest rows, of so many that are new to this version, and by age."""

    version: str
    measured: Time
    rows: int
    alarm: bool
    columns: list[ColumnDrift]
    ages: NotRequired[list[AgeDrift]]
    off: NotRequired[float]
    """How far predictions of the newest rows are too low or too high, in their mean errors."""


NEWEST = Documents(DRIFT, DriftMeasurement)


@dataclass(frozen=True)
class Sample:
    """Rows, and what the champion's predictions leave unexplained of them."""

    rows: Rows
    fit: Residuals

    def newest(self, count: int) -> "Sample":
        """Return so many of the newest rows."""
        return self.between(max(0, len(self.rows) - count), len(self.rows))

    def between(self, start: int, end: int) -> "Sample":
        """Return the rows from one place to another in the order of time."""
        return Sample(self.rows.slice(start, end), self.fit.slice(start, end))


@dataclass(frozen=True)
class Measure:
    """Something that may drift: of each row its values, whose means give a score."""

    name: str
    old: Blocks
    values: Callable[[Sample], np.ndarray]
    score: Callable[[np.ndarray, np.ndarray], float]
    threshold: float
    level: float

    def of(self, sample: Sample) -> Score:
        """Return the score of some rows."""
        score = self.score(np.array(self.old["means"]), self.values(sample).mean(axis=0))
        return {"name": self.name, "score": score, "threshold": self.threshold}

    def drift(self, new: Sample) -> ColumnDrift | None:
        """Compare the newest blocks of rows with the old ones; None while there are too few."""
        rows, blocks = newest_blocks(self.old, new.rows.times)
        if not blocks:
            return None
        newest = new.newest(rows * blocks)
        score, days = self.of(newest)["score"], self.old["days"]
        certain = beyond_chance(self.old, summarised(self.values(newest), rows, days), self.level)
        alarm = bool(certain.any()) and score > self.threshold
        return {"name": self.name, "score": score, "threshold": self.threshold, "alarm": alarm}


def reference(training: Rows, judging: Rows, predicted: np.ndarray) -> Reference:
    """Return what new rows will be compared with.

    `predicted` is what the model says of the rows that evaluate it.
    """
    length = block_length(training.times)
    columns = {name: _spread(column, length) for name, column in _columns(training).items()}
    units = scales(judging.outcomes, predicted)
    fit, length = residuals(judging.outcomes, predicted, units), block_length(judging.times)
    given = {
        name: summarised(fit.given(members(column, columns[f"feature {name}"]["bins"])), *length)
        for name, column in _features(judging).items()
    }
    return Reference(
        columns=columns,
        fit=Fit(
            scales=units,
            error=summarised(fit.errors, *length),
            calibration=summarised(fit.calibration(), *length),
            given=given,
        ),
    )


def _features(rows: Rows) -> dict[str, pl.Series]:
    return {name: rows.features[name] for name in rows.features.columns}


def _columns(rows: Rows) -> dict[str, pl.Series]:
    columns = {f"feature {name}": column for name, column in _features(rows).items()}
    outcome = rows.rows[OUTCOME]
    return columns | {f"outcome {OUTCOME}": outcome.cast(pl.String) if CLASSES else outcome}


def _spread(column: pl.Series, length: tuple[int, float]) -> Spread:
    bins = bins_of(column)
    return Spread(bins=bins, shares=summarised(members(column, bins), *length))


def sample(old: Reference, rows: Rows, predicted: np.ndarray) -> Sample:
    """Return rows with what the champion's predictions leave unexplained of them."""
    return Sample(rows, residuals(rows.outcomes, predicted, old["fit"]["scales"]))


def measure(old: Reference, new: Sample) -> list[ColumnDrift]:
    """Compare the newest rows with the old ones, as far as there are enough of them."""
    return [drift for one in _measures(old) if (drift := one.drift(new))]


def _measures(old: Reference) -> Iterator[Measure]:
    """Yield all that is measured; the levels add up to FALSE_ALARMS."""
    fit = old["fit"]
    own = FALSE_ALARMS * OWN_SHARE / 2
    others = FALSE_ALARMS * (1 - OWN_SHARE) / len(fit["given"] | old["columns"])
    yield Measure("error", fit["error"], _errors, relative_growth, WORSE_BY, own)
    yield Measure(
        "calibration", fit["calibration"], _calibration, largest_change, NOTABLE_RESIDUAL, own
    )
    for name, blocks in fit["given"].items():
        bins = old["columns"][f"feature {name}"]["bins"]
        yield Measure(
            f"{OUTCOME} given {name}",
            blocks,
            partial(_given, name, bins),
            summed_change,
            NOTABLE_RESIDUAL,
            others,
        )
    for name, spread in old["columns"].items():
        shares = partial(_shares, name, spread["bins"])
        yield Measure(name, spread["shares"], shares, *_index(name), others)


def _errors(sample: Sample) -> np.ndarray:
    return sample.fit.errors


def _calibration(sample: Sample) -> np.ndarray:
    return sample.fit.calibration()


def _given(name: str, bins: Bins, sample: Sample) -> np.ndarray:
    return sample.fit.given(members(sample.rows.features[name], bins))


def _shares(name: str, bins: Bins, sample: Sample) -> np.ndarray:
    return members(_columns(sample.rows)[name], bins)


def _index(name: str) -> tuple[Callable, float]:
    """Return how the spread of a column is scored, and from where on that is notable."""
    if CLASSES and name == f"outcome {OUTCOME}":
        return largest_factor, NOTABLE_FACTOR
    return stability_index, NOTABLE_INDEX


def relative_growth(old: np.ndarray, new: np.ndarray) -> float:
    """Return by which share a mean has grown; 0.2 is 20 %."""
    return float(new[0] / old[0] - 1) if old[0] > 0 else float(new[0] > 0)


def largest_change(old: np.ndarray, new: np.ndarray) -> float:
    """Return by how much that mean has changed that has changed most."""
    return float(np.abs(new - old).max())


def summed_change(old: np.ndarray, new: np.ndarray) -> float:
    """Return by how much all means have changed together."""
    return float(np.abs(new - old).sum())


def stability_index(old: np.ndarray, new: np.ndarray) -> float:
    """Return the population stability index of shares."""
    old, new = np.maximum(old, LEAST_SHARE), np.maximum(new, LEAST_SHARE)
    return float(((new - old) * np.log(new / old)).sum())


def largest_factor(old: np.ndarray, new: np.ndarray) -> float:
    """Return the largest change of a share as a logarithm."""
    old, new = np.maximum(old, LEAST_SHARE), np.maximum(new, LEAST_SHARE)
    return float(np.abs(np.log(new / old)).max())


def by_age(old: Reference, new: Sample, since: datetime) -> list[AgeDrift]:
    """Return the scores over time: those of the new rows in up to MOST_AGES equal parts."""
    count = min(MOST_AGES, max(1, len(new.rows) // LEAST_ROWS_OF_AN_AGE))
    edges = np.linspace(0, len(new.rows), count + 1).astype(int)
    return [_age(old, new.between(*edges), since) for edges in pairwise(edges.tolist())]


def _age(old: Reference, part: Sample, since: datetime) -> AgeDrift:
    days = (newest_time(part.rows.times) - since) / timedelta(days=1)
    scores = [one.of(part) for one in _measures(old)]
    return {"days": days, "rows": len(part.rows), "scores": scores}


def drifted(measurement: DriftMeasurement) -> list[str]:
    """Return the name of all that alarms."""
    return [column["name"] for column in measurement["columns"] if column["alarm"]]


def measurement(version: str, old: Reference, new: Sample, since: datetime) -> DriftMeasurement:
    """Measure rows that are new to a version, whose newest row was at `since`."""
    columns = measure(old, new)
    return DriftMeasurement(
        version=version,
        measured=datetime.now(UTC).isoformat(),
        rows=len(new.rows),
        alarm=any(column["alarm"] for column in columns),
        columns=columns,
        ages=by_age(old, new, since),
        off=new.newest(OFF_ROWS * NEW_ROWS.least_rows).fit.off(),
    )


def newest_measurement(processed: ObjectStore) -> DriftMeasurement | None:
    """Return the newest measurement, or None before the first one."""
    return NEWEST.find(processed, DRIFT)
