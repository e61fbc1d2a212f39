"""The newest rows, read from storage: which train candidates, choose among them, and judge."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

import polars as pl
from obstore.store import ObjectStore

from core.parts import is_departure, is_merged, originals, parts, slices
from core.schema import OUTCOME
from core.tables import KNOWN, KNOWN_AT, TIME, column_statistics, months, newest_time, read_parquet
from model.estimator import JUDGING_DAYS, MOST_TRAINING_ROWS, WINDOW_DAYS
from model.schema import Question
from processing.rows.features import features_part, with_features
from processing.rows.raw import arrival_of, file_of
from processing.rows.repeats import newest_places
from processing.training.cuts import MOST_CUTS, Cut, cuts
from processing.training.lateness import Lateness, lateness
from processing.training.rows import Rows, TooFewRows
from processing.training.trials import Lesson

LEAST_TO_TRAIN = 20

FEATURE = "features."
"""The prefix of a feature's column while rows and features stand in one table."""


@dataclass(frozen=True)
class Clock:
    """The newest event of all rows when a file had come, and what it was with the file before.

    `first` is that of the first file: history came with it, at once.
    """

    first: datetime
    before: datetime
    now: datetime

    @property
    def known(self) -> pl.Expr:
        """When the file's outcomes became known, by this clock; of history nobody can say.

        An event that is newer than the file before it is told as soon as it can be.
        """
        event = pl.col(TIME)
        late = pl.when(event > self.before).then(event).otherwise(pl.lit(self.now))
        return pl.when(event > self.first).then(late)


@dataclass(frozen=True)
class Window:
    """The newest rows, cut into what trains candidates and what judges them.

    Of the rows since the newest cut half choose among windows, and half judge the chosen one: what
    was chosen on some rows looks better on them than on others.
    """

    parts: list[str]
    """As they came, whichever were merged since."""
    labelled: Rows
    cuts: list[Cut]
    """The newest first."""
    lateness: Lateness
    """Rows that are younger than its horizon are not among the labelled ones."""
    share: float
    """Of all labelled rows: more than MOST_TRAINING_ROWS are sampled, month by month."""

    def training(self, days: int) -> Rows:
        """Return the rows of so many days before the newest cut: what the judged twin learns."""
        return self.cuts[0].known(self.labelled).newest(days)

    @property
    def lessons(self) -> Iterator[Lesson]:
        """What was known at each cut, and the rows on which windows are compared."""
        yield self.cuts[0].known(self.labelled), self._half(0)
        for cut in self.cuts[1:]:
            yield cut.known(self.labelled), cut.asked(self.labelled)

    @property
    def holdout(self) -> Rows:
        """The rows on which the chosen candidate is compared with the champion."""
        return self._half(1)

    def _half(self, remainder: int) -> Rows:
        """Return every other one of the newest rows, or all where there is nothing to choose."""
        newest = self.cuts[0].asked(self.labelled)
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
    return parts_digest(originals(processed, _flat(_parts_by_month(processed))))


def newest_window(processed: ObjectStore) -> Window:
    """Return the newest rows, as far back as the longest of WINDOW_DAYS reaches.

    Raises TooFewRows if they can't both train and evaluate.
    """
    by_month = _parts_by_month(processed)
    share = _share(processed, _flat(by_month))
    clocks = _clocks(processed, _flat(by_month))
    rows = _read_rows(processed, by_month, share, clocks)
    is_blank = rows[OUTCOME].is_null()
    now = max((clock.now for clock in clocks.values()), default=datetime.min)
    labelled = _by_time(rows.filter(~is_blank))
    came = originals(processed, _flat(by_month))
    return cut_window(came, labelled, rows.filter(is_blank)[TIME], now, share)


def cut_window(
    parts: list[str], labelled: Rows, blank: pl.Series, now: datetime, share: float = 1.0
) -> Window:
    """Return the window of rows by time: without those too young to teach, and cut.

    `blank` are the times of rows without an outcome. Raises TooFewRows if too few rows can teach.
    """
    now = _with_known(labelled, now)
    late = lateness(labelled, blank, now, JUDGING_DAYS)
    old_enough = labelled.until(now - timedelta(days=late.horizon)) if late.horizon else labelled
    if len(old_enough) < LEAST_TO_TRAIN:
        raise TooFewRows(f"{late.warning} Only {len(old_enough)} rows are older.")
    return Window(parts, old_enough, cuts(old_enough, late.horizon), late, share)


def _with_known(labelled: Rows, now: datetime) -> datetime:
    """Return when almost all outcomes were known, if that is later; one typing error moves nothing.

    Files may hold no row that is as new as their newest outcome.
    """
    known = labelled.rows[KNOWN].quantile(0.999)
    return now if known is None else max(now, cast(datetime, known))


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
    oldest_day = newest_month - timedelta(days=max(WINDOW_DAYS) + MOST_CUTS * JUDGING_DAYS)
    return [month for month in all_months if month >= f"{oldest_day:%Y-%m}"]


def _clocks(processed: ObjectStore, paths: list[str]) -> dict[str, Clock]:
    """Return the clock of each file, in the order of arrival. Events may lie ahead of it."""
    newest: dict[str, datetime] = {}
    for part in paths:
        for name, event in _newest_events(processed, part):
            file = file_of(name)
            arrived = arrival_of(file).replace(tzinfo=None)
            newest[file] = max(newest.get(file, datetime.min), min(event, arrived))
    clocks, files = {}, sorted(newest)
    before = first = newest[files[0]] if files else datetime.min
    for file in files:
        now = max(before, newest[file])
        clocks[file] = Clock(first, before, now)
        before = now
    return clocks


def _newest_events(processed: ObjectStore, part: str) -> Iterator[tuple[str, datetime]]:
    """Yield each part of which this one was made, with its newest event."""
    if is_merged(part):
        times = read_parquet(processed, part, [TIME])
        of_parts = slices(processed, part, times)
        yield from ((name, newest_time(rows[TIME])) for name, rows in of_parts)
    else:
        yield from ((part, group.max) for group in column_statistics(processed, part, TIME))


def _share(processed: ObjectStore, paths: list[str]) -> float:
    labelled = sum(_labelled_count(processed, part) for part in paths if not is_departure(part))
    return min(1.0, MOST_TRAINING_ROWS / max(1, labelled))


def _labelled_count(processed: ObjectStore, part: str) -> int:
    return sum(group.num_values for group in column_statistics(processed, part, OUTCOME))


def _read_rows(
    processed: ObjectStore,
    by_month: dict[str, list[str]],
    share: float,
    clocks: dict[str, Clock],
) -> pl.DataFrame:
    """Return the rows of these months with their features. Raises TooFewRows."""
    tables = [
        table
        for of_month in by_month.values()
        for table in _rows_of_month(processed, of_month, share, clocks)
    ]
    rows = sum(table[OUTCOME].count() for table in tables)
    if rows < LEAST_TO_TRAIN:
        raise TooFewRows(
            f"{rows} rows with an outcome are too few to learn from; {LEAST_TO_TRAIN} is the least."
        )
    return pl.concat(tables)


def _rows_of_month(
    processed: ObjectStore, of_month: list[str], share: float, clocks: dict[str, Clock]
) -> Iterator[pl.DataFrame]:
    places = newest_places(processed, of_month)
    if share < 1:
        kinds = places.partition_by("blank")
        places = pl.concat(kind.sample(fraction=share, seed=0) for kind in kinds)
    for number, part in enumerate(of_month):
        chosen = places.filter(part=number)["place"].sort()
        if len(chosen):
            yield _rows_and_features(processed, part, clocks)[chosen]


def _rows_and_features(processed: ObjectStore, part: str, clocks: dict[str, Clock]) -> pl.DataFrame:
    stored = read_parquet(processed, part)
    columns = list(dict.fromkeys([*Question.model_fields, OUTCOME, TIME]))
    said = KNOWN_AT in stored.columns  # a part that came before the setting has no such column
    rows = pl.concat(
        of.select(*columns, known.cast(pl.Datetime("us")).alias(KNOWN))
        for name, of in slices(processed, part, stored)
        for known in [pl.col(KNOWN_AT) if said and KNOWN_AT else clocks[file_of(name)].known]
    )
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
