"""Which rows train candidates, which choose among them, and which evaluate the chosen one."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
from obstore.store import ObjectStore

from core.schema import CLASSES, OUTCOME
from core.tables import (
    TIME,
    column_statistics,
    is_departure,
    months,
    newest_time,
    parts,
    read_parquet,
)
from model.estimator import JUDGING_DAYS, MOST_TRAINING_ROWS, WINDOW_DAYS
from model.schema import Question
from processing.rows.features import features_part, with_features
from processing.rows.repeats import newest_places

LARGEST_HOLDOUT_SHARE = 0.2
"""A short history is not all spent on evaluation."""

LEAST_HOLDOUT_ROWS = 200
"""With fewer rows in the newest days, the holdout reaches further back."""

LEAST_RARE_ROWS = 20
"""And so it does with fewer rows of other classes than the most frequent one.

Only they show which model can tell the others.
"""

LEAST_TO_TRAIN = 20

FEATURE = "features."
"""The prefix of a feature's column while rows and features stand in one table."""


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

    def newest(self, days: int) -> "Rows":
        """Return the rows of the last days."""
        return self.after(newest_time(self.times) - timedelta(days=days))

    def slice(self, start: int, end: int | None = None) -> "Rows":
        """Return the rows from one place to another in the order of time."""
        return Rows(self.rows[start:end], self.features[start:end])


@dataclass(frozen=True)
class Window:
    """The newest rows: the first `cut` train; half of the others choose, and half evaluate.

    A model that was chosen on some rows looks better on them than on others, so what chooses among
    candidates never evaluates the chosen one.
    """

    parts: list[str]
    labelled: Rows
    cut: int
    share: float
    """Of all labelled rows: more than MOST_TRAINING_ROWS are sampled, month by month."""

    def training(self, days: int) -> Rows:
        """Return the rows of so many days before the holdout."""
        return self.labelled.slice(0, self.cut).newest(days)

    @property
    def validation(self) -> Rows:
        """The rows on which candidates of several windows are compared with each other."""
        return self._half(0)

    @property
    def holdout(self) -> Rows:
        """The rows on which the chosen candidate is compared with the champion."""
        return self._half(1)

    def _half(self, remainder: int) -> Rows:
        """Return every other one of the newest rows, or all where there is nothing to choose."""
        newest = self.labelled.slice(self.cut)
        if len(WINDOW_DAYS) == 1:
            return newest
        return newest.filter(pl.int_range(len(newest), eager=True) % 2 == remainder)

    @property
    def digest(self) -> str:
        """What tells this window from every other one."""
        return parts_digest(self.parts)


def parts_digest(paths: list[str]) -> str:
    """Return what tells these parts, which never change, from all others."""
    return hashlib.sha256(json.dumps(paths).encode()).hexdigest()[:16]


def newest_digest(processed: ObjectStore) -> str:
    """Return the digest of the newest window, without reading it."""
    return parts_digest(_flat(_parts_by_month(processed)))


def newest_window(processed: ObjectStore) -> Window:
    """Return the newest rows, as far back as the longest of WINDOW_DAYS reaches.

    Raises TooFewRows if they can't both train and evaluate.
    """
    by_month = _parts_by_month(processed)
    share = _share(processed, _flat(by_month))
    labelled = _by_time(_labelled_rows(processed, by_month, share))
    return Window(_flat(by_month), labelled, _cut(labelled), share)


def _parts_by_month(processed: ObjectStore) -> dict[str, list[str]]:
    by_month = {month: parts(processed, month) for month in _months_within(months(processed))}
    usable = set(with_features(processed, _flat(by_month)))
    return {
        month: [part for part in of_month if part in usable] for month, of_month in by_month.items()
    }


def _flat(by_month: dict[str, list[str]]) -> list[str]:
    return [part for of_month in by_month.values() for part in of_month]


def _months_within(all_months: list[str]) -> list[str]:
    """Return the months that the longest window may touch."""
    if not all_months:
        return []
    newest_month = date.fromisoformat(f"{all_months[-1]}-01")
    oldest_day = newest_month - timedelta(days=max(WINDOW_DAYS) + JUDGING_DAYS)
    return [month for month in all_months if month >= f"{oldest_day:%Y-%m}"]


def _share(processed: ObjectStore, paths: list[str]) -> float:
    labelled = sum(_labelled_count(processed, part) for part in paths if not is_departure(part))
    return min(1.0, MOST_TRAINING_ROWS / max(1, labelled))


def _labelled_count(processed: ObjectStore, part: str) -> int:
    return sum(group.num_values for group in column_statistics(processed, part, OUTCOME))


def _labelled_rows(
    processed: ObjectStore, by_month: dict[str, list[str]], share: float
) -> pl.DataFrame:
    tables = [
        table
        for of_month in by_month.values()
        for table in _labelled_of_month(processed, of_month, share)
    ]
    rows = sum(map(len, tables))
    if rows < LEAST_TO_TRAIN:
        raise TooFewRows(
            f"{rows} rows with an outcome are too few to learn from; {LEAST_TO_TRAIN} is the least."
        )
    return pl.concat(tables)


def _labelled_of_month(
    processed: ObjectStore, of_month: list[str], share: float
) -> Iterator[pl.DataFrame]:
    places = newest_places(processed, of_month).filter(~pl.col("blank"))
    if share < 1:
        places = places.sample(fraction=share, seed=0)
    for number, part in enumerate(of_month):
        chosen = places.filter(part=number)["place"].sort()
        if len(chosen):
            yield _rows_and_features(processed, part)[chosen]


def _rows_and_features(processed: ObjectStore, part: str) -> pl.DataFrame:
    columns = list(dict.fromkeys([*Question.model_fields, OUTCOME, TIME]))
    rows = read_parquet(processed, part, columns)
    features = read_parquet(processed, features_part(part))
    return rows.hstack(features.select(pl.all().name.prefix(FEATURE)))


def _by_time(labelled: pl.DataFrame) -> Rows:
    """Return rows in the order of their time.

    They are shuffled first: rows of one and the same time (a file without event times) must fall
    into training and holdout at random.
    """
    places = labelled.select(TIME).with_row_index("place")
    shuffled = places.sample(fraction=1, shuffle=True, seed=0)
    ordered = labelled[shuffled.sort(TIME, maintain_order=True)["place"]]
    prefixed = [name for name in ordered.columns if name.startswith(FEATURE)]
    features = ordered.select(pl.col(name).alias(name.removeprefix(FEATURE)) for name in prefixed)
    return Rows(ordered.drop(prefixed), features)


def _cut(labelled: Rows) -> int:
    """Return how many rows stand before the holdout."""
    rare = _holding_rare(labelled.rows[OUTCOME]) if CLASSES else 0
    wanted = max(len(labelled.newest(JUDGING_DAYS)), LEAST_HOLDOUT_ROWS, rare)
    return len(labelled) - min(wanted, int(len(labelled) * LARGEST_HOLDOUT_SHARE))


def _holding_rare(outcomes: pl.Series) -> int:
    """Return how many of the newest rows hold LEAST_RARE_ROWS of the less frequent classes."""
    rare_rows_from_newest = is_rare(outcomes).reverse().cum_sum()
    return int((rare_rows_from_newest < LEAST_RARE_ROWS).sum()) + 1


def is_rare(outcomes: pl.Series) -> pl.Series:
    """Return which outcomes are of another class than the most frequent one."""
    return outcomes != outcomes.mode().sort()[0]
