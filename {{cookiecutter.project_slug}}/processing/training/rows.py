"""Rows to learn from, in the order of time: what all that follows is a function of."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from core.schema import OUTCOME
from core.tables import TIME, newest_time


class TooFewRows(Exception):
    """There is not enough to learn from; the text says what is missing."""


@dataclass(frozen=True)
class Rows:
    """Checked rows with their outcome, and the features of the same rows."""

    rows: pl.DataFrame
    features: pl.DataFrame

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def outcomes(self) -> np.ndarray:
        """What is to be predicted."""
        return self.rows[OUTCOME].to_numpy()

    @property
    def times(self) -> pl.Series:
        """When each row's event was, oldest first."""
        return self.rows[TIME]

    def filter(self, mask: pl.Series) -> "Rows":
        """Return the rows for which the mask is true."""
        return Rows(self.rows.filter(mask), self.features.filter(mask))

    def after(self, time: datetime) -> "Rows":
        """Return the rows whose event was after a time."""
        return self.filter(self.times > time)

    def until(self, time: datetime) -> "Rows":
        """Return the rows whose event was not after a time."""
        return self.filter(self.times <= time)

    def newest(self, days: int) -> "Rows":
        """Return the rows of the last days."""
        return self.after(newest_time(self.times) - timedelta(days=days))

    def slice(self, start: int, end: int | None = None) -> "Rows":
        """Return the rows from one place to another in the order of time."""
        return Rows(self.rows[start:end], self.features[start:end])


def is_rare(outcomes: pl.Series) -> pl.Series:
    """Return which outcomes are of another class than the most frequent one."""
    return outcomes != outcomes.mode().sort()[0]
