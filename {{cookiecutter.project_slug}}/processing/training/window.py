"""Which rows train candidates and which, newer ones, judge them."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
from obstore.store import ObjectStore

from core.schema import CLASSES, OUTCOME
from core.tables import TIME, column_facts, months, parts, read_parquet
from model.estimator import JUDGING_DAYS, MOST_TRAINING_ROWS, WINDOW_DAYS
from model.schema import Question
from processing.rows.features import features_part
from processing.rows.repeats import newest_places

LARGEST_JUDGING_SHARE = 0.2
"""A short history is not all spent on judging."""

LEAST_JUDGING_ROWS = 200
"""With fewer rows in the newest days, the judging reaches further back."""

LEAST_RARE_ROWS = 20
"""And so it does with fewer that are not of the commonest class: only they show who knows the others."""

LEAST_ROWS = 20


class TooFewRows(Exception):
    """There is not enough to learn from; the text says what is missing."""


@dataclass(frozen=True)
class Rows:
    """Checked rows with a known outcome, and the features of the same rows."""

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
        """Those rows for which the mask is true."""
        return Rows(self.rows.filter(mask), self.features.filter(mask))

    def after(self, time: datetime) -> "Rows":
        """The rows whose event was after a time."""
        return self.filter(self.times > time)

    def slice(self, start: int, end: int | None = None) -> "Rows":
        """Rows from one place to another in the order of time."""
        return Rows(self.rows[start:end], self.features[start:end])


@dataclass(frozen=True)
class Window:
    """The newest rows: the first `cut` train, of the others half choose among windows and half judge.

    Whoever chooses on some rows looks better on them than on others; so what chooses never judges.
    """

    parts: list[str]
    known: Rows
    cut: int
    share: float
    """Of all known rows: a window of more than MOST_TRAINING_ROWS is a sample, drawn month by month."""

    def training(self, days: int) -> Rows:
        """The rows of so many days before those that judge."""
        before = self.known.slice(0, self.cut)
        return before.filter(before.times > before.times.max() - timedelta(days=days))

    @property
    def choosing(self) -> Rows:
        """Rows on which candidates of several windows are compared with each other."""
        return self._newest(0)

    @property
    def judging(self) -> Rows:
        """Rows on which the chosen candidate is compared with the champion."""
        return self._newest(1)

    def _newest(self, half: int) -> Rows:
        """Every other one of the newest rows, or all of them where there is nothing to choose."""
        after = self.known.slice(self.cut)
        return (
            after
            if len(WINDOW_DAYS) == 1
            else after.filter(pl.int_range(len(after), eager=True) % 2 == half)
        )

    @property
    def digest(self) -> str:
        """What tells this window from every other one."""
        return parts_digest(self.parts)


def parts_digest(listed: list[str]) -> str:
    """What tells these parts, which never change, from all others."""
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()[:16]


def newest_digest(processed: ObjectStore) -> str:
    """The digest of the newest window, without reading it."""
    return parts_digest(_flat(_by_month(processed)))


def newest_window(processed: ObjectStore) -> Window:
    """The newest rows, as far back as the longest of WINDOW_DAYS reaches.

    Raises TooFewRows if they can't both train and judge.
    """
    by_month = _by_month(processed)
    share = _share(processed, _flat(by_month))
    tables = [
        table for of_month in by_month.values() for table in _known(processed, of_month, share)
    ]
    known = pl.concat(tables) if tables else pl.DataFrame()
    if len(known) < LEAST_ROWS:
        raise TooFewRows(
            f"{len(known)} rows with an outcome are too few to learn from; {LEAST_ROWS} is the least."
        )
    # Shuffled first, so that rows of the same time (one file without event times) judge at random.
    shuffled = known.select(TIME).with_row_index("place").sample(fraction=1, shuffle=True, seed=0)
    by_time = known[shuffled.sort(TIME, maintain_order=True)["place"]]
    names = [name for name in by_time.columns if name.startswith("features.")]
    features = by_time.select(pl.col(name).alias(name.removeprefix("features.")) for name in names)
    rows = Rows(by_time.drop(names), features)
    return Window(_flat(by_month), rows, _cut(rows), share)


def _by_month(processed: ObjectStore) -> dict[str, list[str]]:
    """The parts that the newest window is made of."""
    return {month: parts(processed, month) for month in _months_within(months(processed))}


def _flat(by_month: dict[str, list[str]]) -> list[str]:
    return [part for of_month in by_month.values() for part in of_month]


def _months_within(all_months: list[str]) -> list[str]:
    """The months that the longest window may touch."""
    if not all_months:
        return []
    newest_month = date.fromisoformat(f"{all_months[-1]}-01")
    oldest_day = newest_month - timedelta(days=max(WINDOW_DAYS) + JUDGING_DAYS)
    return [month for month in all_months if month >= f"{oldest_day:%Y-%m}"]


def _share(processed: ObjectStore, listed: list[str]) -> float:
    known = sum(_rows_with_outcome(processed, part) for part in listed)
    return min(1.0, MOST_TRAINING_ROWS / max(1, known))


def _rows_with_outcome(processed: ObjectStore, part: str) -> int:
    return sum(group.num_values for group in column_facts(processed, part, OUTCOME))


def _known(processed: ObjectStore, of_month: list[str], share: float) -> Iterator[pl.DataFrame]:
    places = newest_places(processed, of_month).filter(~pl.col("blank"))
    if share < 1:
        places = places.sample(fraction=share, seed=0)
    for number, part in enumerate(of_month):
        yield _rows_and_features(processed, part)[places.filter(part=number)["place"].sort()]


def _rows_and_features(processed: ObjectStore, part: str) -> pl.DataFrame:
    columns = list(dict.fromkeys([*Question.model_fields, OUTCOME, TIME]))
    rows = read_parquet(processed, part, columns)
    features = read_parquet(processed, features_part(part))
    return rows.hstack(features.select(pl.all().name.prefix("features.")))


def _cut(rows: Rows) -> int:
    newest_days = (rows.times > rows.times.max() - timedelta(days=JUDGING_DAYS)).sum()
    wanted = max(
        newest_days, LEAST_JUDGING_ROWS, _holding_rare(rows.rows[OUTCOME]) if CLASSES else 0
    )
    return len(rows) - min(wanted, int(len(rows) * LARGEST_JUDGING_SHARE))


def _holding_rare(outcomes: pl.Series) -> int:
    """How many of the newest rows hold LEAST_RARE_ROWS of other classes than the commonest."""
    return (is_rare(outcomes).reverse().cum_sum() < LEAST_RARE_ROWS).sum() + 1


def is_rare(outcomes: pl.Series) -> pl.Series:
    """Which are of another class than the commonest."""
    return outcomes != outcomes.mode().sort()[0]
