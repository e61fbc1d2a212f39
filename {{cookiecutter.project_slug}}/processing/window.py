"""Which rows train a candidate and which, newer ones, judge it."""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl
from obstore.store import ObjectStore

from core.schema import OUTCOME
from core.tables import TIME, months, newest, parts, read_parquet
from model.estimator import JUDGING_DAYS, WINDOW_MONTHS
from model.schema import Question
from processing.features import features_part

LARGEST_JUDGING_SHARE = 0.2
"""A short history is not all spent on judging."""


class TooFewRows(Exception):
    """There is not enough to learn from; the text says what is missing."""


@dataclass(frozen=True)
class Window:
    """Rows with a known outcome, by time: the first `cut` train, the others judge.

    `rows` has the schema's columns, `features` the features of the same rows.
    """

    parts: list[str]
    rows: pl.DataFrame
    features: pl.DataFrame
    cut: int

    @property
    def training(self) -> tuple[pl.DataFrame, np.ndarray]:
        """Features and outcomes of the rows that train."""
        return self.features[: self.cut], self.rows[OUTCOME][: self.cut].to_numpy()

    @property
    def judging(self) -> tuple[pl.DataFrame, np.ndarray]:
        """Features and outcomes of the rows that judge."""
        return self.features[self.cut :], self.rows[OUTCOME][self.cut :].to_numpy()

    @property
    def digest(self) -> str:
        """What tells this window from every other one."""
        return hashlib.sha256(json.dumps(self.parts).encode()).hexdigest()[:16]


def newest_window(processed: ObjectStore) -> Window:
    """The newest WINDOW_MONTHS months. Raises TooFewRows if they can't both train and judge."""
    listed = [part for month in months(processed)[-WINDOW_MONTHS:] for part in parts(processed, month)]
    by_month = {}
    for part in listed:
        by_month.setdefault(part.split("/")[1], []).append(_rows_and_features(processed, part))
    tables = [newest(of_month).filter(pl.col(OUTCOME).is_not_null()) for of_month in by_month.values()]
    known = pl.concat(tables) if tables else pl.DataFrame()
    if len(known) < 20:
        raise TooFewRows(f"{len(known)} rows with an outcome are too few to learn from; 20 is the least.")
    # Shuffled first, so that rows of the same time (one file without event times) judge at random.
    by_time = known.sample(fraction=1, shuffle=True, seed=0).sort(TIME, maintain_order=True)
    names = [name for name in by_time.columns if name.startswith("features.")]
    features = by_time.select(pl.col(name).alias(name.removeprefix("features.")) for name in names)
    return Window(listed, by_time.drop(names), features, _cut(by_time[TIME]))


def _rows_and_features(processed: ObjectStore, part: str) -> pl.DataFrame:
    columns = list(dict.fromkeys([*Question.model_fields, OUTCOME, TIME]))
    rows = read_parquet(processed, part, columns)
    features = read_parquet(processed, features_part(part))
    return rows.hstack(features.select(pl.all().name.prefix("features.")))


def _cut(times: pl.Series) -> int:
    newest_days = (times > times.max() - timedelta(days=JUDGING_DAYS)).sum()
    return len(times) - min(newest_days, int(len(times) * LARGEST_JUDGING_SHARE))
