"""Drift says nothing while nothing changes, and names what has changed.

The streams are made up, so the truth is known; STREAMS is how many there are of each kind.
"""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.stats import binom

from core.schema import CLASSES, OUTCOME
from core.tables import TIME
from processing.training import drift
from processing.training.window import Rows

STREAMS = int(os.environ.get("STREAMS", 25))
ROWS_A_DAY = 200 if CLASSES else 50
STEP, GROWTH = (2, 6) if CLASSES else (1, 10)
"""In units of the noise; of classes an outcome says less than of numbers."""

TRAINING_DAYS, JUDGING_DAYS, NEW_DAYS = 60, 21, 8


@dataclass
class World:
    """Rows over some days, and what a model that knew everything said of them before a change."""

    draw: np.random.Generator
    days: int

    def __post_init__(self):
        count = self.days * ROWS_A_DAY
        self.day = np.arange(count) // ROWS_A_DAY
        self.size = self.draw.normal(size=count)
        self.kind = self.draw.choice(list("abcdefgh"), count)
        self.noise = self.draw.normal(size=count)
        self.shift = np.zeros(count)
        self.stretch = np.ones(count)

    @property
    def expected(self) -> np.ndarray:
        """What the model takes into account, in units of the noise."""
        return 2 * self.size + 2 * (self.kind == "a")

    def of_days(self, effects: np.ndarray) -> np.ndarray:
        """Return an effect of each day for each row."""
        return effects[self.day]

    def predictions(self) -> np.ndarray:
        """Return the model's predictions."""
        return probabilities(self.expected) if CLASSES else 100 + 10 * self.expected

    def outcomes(self) -> np.ndarray:
        """Return what happened."""
        mean = self.stretch * self.expected + self.shift
        if not CLASSES:
            return 100 + 10 * (mean + self.noise)
        chance = probabilities(mean).cumsum(axis=1)
        places = (self.draw.random(len(mean))[:, None] > chance).sum(axis=1)
        return np.array(CLASSES)[np.minimum(places, len(CLASSES) - 1)]

    def measured(self) -> list[str]:
        """Train, evaluate and measure on the days in their order; return what alarms."""
        times = [datetime(2020, 1, 1) + timedelta(days=place / ROWS_A_DAY) for place in self.row]
        features = pl.DataFrame({"size": self.size.astype(np.float32), "kind": self.kind})
        rows = Rows(pl.DataFrame({TIME: times, OUTCOME: self.outcomes()}), features)
        predicted, cut = self.predictions(), TRAINING_DAYS * ROWS_A_DAY
        end = cut + JUDGING_DAYS * ROWS_A_DAY
        old = drift.reference(rows.slice(0, cut), rows.slice(cut, end), predicted[cut:end])
        new = drift.sample(old, rows.slice(end), predicted[end:])
        return [column["name"] for column in drift.measure(old, new) if column["alarm"]]

    @property
    def row(self) -> list[int]:
        return list(range(len(self.day)))

    @property
    def is_new(self) -> np.ndarray:
        return self.day >= TRAINING_DAYS + JUDGING_DAYS


def probabilities(inclination: np.ndarray) -> np.ndarray:
    """Return a probability for each class; the last is the likelier the larger the inclination."""
    logits = np.zeros((len(inclination), len(CLASSES)))
    logits[:, -1] = inclination
    odds = np.exp(logits)
    return odds / odds.sum(axis=1, keepdims=True)


def world(seed: int, days: int = TRAINING_DAYS + JUDGING_DAYS + NEW_DAYS) -> World:
    return World(np.random.default_rng(seed), days)


def plain(_: World) -> None:
    """Change nothing: rows are independent, errors normal."""


def heavy(of: World) -> None:
    """Let a few errors be a hundred times as large as the others."""
    of.noise = of.draw.standard_t(1.5, len(of.noise))


def skewed(of: World) -> None:
    """Let all large errors go one way."""
    of.noise = of.draw.lognormal(0, 1.5, len(of.noise)) - np.exp(1.125)


def alike(of: World) -> None:
    """Let rows of one day be alike: in weather, prices, or who was there."""
    of.size = of.size + of.of_days(of.draw.normal(0, 0.5, of.days))
    of.shift = of.of_days(of.draw.normal(0, 0.5, of.days))


def weekly(of: World) -> None:
    """Let weekends be unlike the days before them, and errors larger there."""
    weekend = of.day % 7 > 4
    of.size = of.size + weekend
    of.noise = of.noise * (1 + weekend)


def rare(of: World) -> None:
    """Let there be values that come once in three hundred rows."""
    of.kind = np.where(of.draw.random(len(of.kind)) < 0.003, "z", of.kind)


STATIONARY = [plain, heavy, skewed, alike, weekly, rare]


def test_without_drift_no_more_measurements_alarm_than_is_said():
    false = []
    for kind in STATIONARY:
        for seed in range(STREAMS):
            stream = world(seed)
            kind(stream)
            false += [(kind.__name__, seed, names) for names in [stream.measured()] if names]
    measured = len(STATIONARY) * STREAMS
    assert len(false) <= binom.ppf(0.999, measured, drift.FALSE_ALARMS), false


@pytest.mark.parametrize("seed", range(3))
def test_a_step_in_the_outcome_is_seen_in_the_calibration(seed):
    stream = world(seed)
    stream.shift = stream.is_new * STEP
    assert "calibration" in stream.measured()


@pytest.mark.parametrize("seed", range(3))
def test_predictions_that_are_too_bold_are_seen_in_the_calibration(seed):
    stream = world(seed)
    stream.stretch = np.where(stream.is_new, 0.2, 1.0)
    assert "calibration" in stream.measured()


@pytest.mark.parametrize("seed", range(3))
def test_what_changes_in_one_group_is_told_by_its_feature(seed):
    stream = world(seed)
    stream.shift = 3 * STEP * stream.is_new * ((stream.kind == "b") - 1.0 * (stream.kind == "c"))
    assert f"{OUTCOME} given kind" in stream.measured()


@pytest.mark.parametrize("seed", range(3))
def test_a_feature_that_changes_by_itself_is_named_alone(seed):
    stream = world(seed)
    stream.size = stream.size + stream.is_new * 1.5
    alarms = stream.measured()
    assert "feature size" in alarms and "calibration" not in alarms


@pytest.mark.parametrize("seed", range(3))
def test_a_slow_growth_that_no_feature_shows_is_seen_long_before_it_has_doubled(seed):
    months = 26
    seen = []
    for month in range(1, months + 1):
        stream = world(seed, TRAINING_DAYS + JUDGING_DAYS + 30 * month)
        since = np.maximum(0, stream.day - TRAINING_DAYS - JUDGING_DAYS) / (30 * months)
        stream.shift = since * GROWTH
        seen.append(stream.measured())
        if seen[-1]:
            break
    assert "calibration" in seen[-1] and len(seen) <= months / 3, seen
