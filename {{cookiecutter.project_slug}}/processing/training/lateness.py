"""How late outcomes become known, and so up to which age rows must not yet be learned from.

Where one class is known at once and another after weeks, the newest known rows are all of the first
one: what learns from them, or is judged by them, is worse than useless. It is the same where long
durations are known later than short ones.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from core.schema import CLASSES, OUTCOME, class_name
from core.tables import KNOWN, TIME
from processing.training.rows import Rows

ALIKE = 0.95
"""Of the class that is known least, this share of what is known of the others is enough."""

LEAST_AT_RISK = 30
"""An estimate from fewer rows than that of an age says nothing."""


@dataclass(frozen=True)
class Ages:
    """After how many days half of the outcomes are known, and 90 % of them."""

    half: int
    ninety: int


@dataclass(frozen=True)
class Lateness:
    """How late the outcomes of each group are known, and from which age on of all alike."""

    of_all: Ages
    of_groups: dict[str, Ages]
    horizon: int
    """Days: younger rows neither teach nor judge. 0 where no group is known earlier than others."""
    missing: float
    """The share of the newest rows that have no outcome yet."""

    @property
    def warning(self) -> str:
        """Say which outcomes are known earlier than others, and what follows; nothing if none."""
        if not self.horizon:
            return ""
        by_age = sorted(self.of_groups.items(), key=lambda group: group[1].ninety)
        (early, first), (late, last) = by_age[0], by_age[-1]
        return (
            f"Outcomes are not known alike: 90 % of {early} after {first.ninety} days, of {late} "
            f"after {last.ninety}. So rows of the last {self.horizon} days neither teach nor judge."
        )


def lateness(rows: Rows, blank: pl.Series, now: datetime, newest_days: int) -> Lateness:
    """Measure it on rows whose outcome is known, of which some say since when.

    `blank` are the times of rows whose outcome is not known.
    """
    since = now - timedelta(days=newest_days)
    labelled, unlabelled = int((rows.times > since).sum()), int((blank > since).sum())
    missing = unlabelled / max(1, labelled + unlabelled)
    timed = rows.rows.drop_nulls(KNOWN)
    if len(timed) < LEAST_AT_RISK:
        return Lateness(Ages(0, 0), {}, 0, missing)
    delays = np.maximum((timed[KNOWN] - timed[TIME]).dt.total_days().to_numpy(), 0)
    ages = np.maximum((now - timed[TIME]).dt.total_days().to_numpy(), delays)
    days = int(ages.max()) + 1
    of_all = known_by_age(delays, ages, days)
    shares = {
        name: known_by_age(delays[mask], ages[mask], days)
        for name, mask in _groups(timed[OUTCOME]).items()
        if mask.sum() >= LEAST_AT_RISK
    }
    of_groups = {name: _ages(known) for name, known in shares.items()}
    return Lateness(_ages(of_all), of_groups, _horizon(shares), missing)


def known_by_age(delays: np.ndarray, ages: np.ndarray, days: int) -> np.ndarray:
    """Return for each age in days which share of the outcomes is known by then.

    Of young rows only those are there whose outcome came early, so each delay is compared with rows
    that are old enough to have had it: the estimator for right-truncated times of Lagakos, Barraj
    and De Gruttola (1988).
    """
    came = np.bincount(delays, minlength=days)
    too_young = np.concatenate([[0], np.bincount(ages, minlength=days).cumsum()[:-1]])
    at_risk = came.cumsum() - too_young
    stays = np.where(at_risk < LEAST_AT_RISK, 1, 1 - came / np.maximum(at_risk, 1))
    return np.append(stays[1:][::-1].cumprod()[::-1], 1.0)


def _groups(outcomes: pl.Series) -> dict[str, np.ndarray]:
    """Return which rows are of each class, or of the lower and upper half of numbers."""
    if CLASSES:
        return {class_name(label): (outcomes == label).to_numpy() for label in CLASSES}
    median = outcomes.median()
    below, up_to = (outcomes < median).to_numpy(), (outcomes <= median).to_numpy()
    is_smaller = below if up_to.all() else up_to
    return {"smaller numbers": is_smaller, "larger ones": ~is_smaller}


def _ages(known: np.ndarray) -> Ages:
    return Ages(*(int(np.argmax(known >= share)) for share in (0.5, 0.9)))


def _horizon(shares: dict[str, np.ndarray]) -> int:
    """Return from which age on no group is less known than ALIKE of the others."""
    if len(shares) < 2:
        return 0
    table = np.array(list(shares.values()))
    unlike = np.flatnonzero(table.min(axis=0) < ALIKE * table.max(axis=0))
    return int(unlike[-1]) + 1 if len(unlike) else 0
