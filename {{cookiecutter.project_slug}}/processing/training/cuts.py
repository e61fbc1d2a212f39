"""Where history is cut: what lay before a cut could have trained a model, what followed judges it.

Cuts lie on a calendar of JUDGING_DAYS, not that many days before the newest row. So the next run
meets the same ones again, and need not try what the last one has tried.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from core.schema import CLASSES, OUTCOME
from core.tables import newest_time
from model.estimator import JUDGING_DAYS
from processing.training.rows import Rows, is_rare

MOST_CUTS = 4

LARGEST_JUDGING_SHARE = 0.2
"""A short history is not all spent on judging what it taught."""

LEAST_JUDGING_ROWS = 200
"""With fewer rows in the newest days, the newest cut lies further back."""

LEAST_RARE_ROWS = 20
"""And so it does with fewer rows of other classes than the most frequent one.

Only they show which model can tell the others.
"""


@dataclass(frozen=True)
class Cut:
    """The rows before place `taught` could teach, those from `start` to `end` are asked about.

    Between them lie those whose outcomes are not known yet when the first question comes.
    """

    taught: int
    start: int
    end: int

    def known(self, rows: Rows) -> Rows:
        """Return the rows that a model of that day could learn from."""
        return rows.slice(0, self.taught)

    def asked(self, rows: Rows) -> Rows:
        """Return the rows that followed."""
        return rows.slice(self.start, self.end)


def cuts(rows: Rows, horizon: int = 0) -> list[Cut]:
    """Return up to MOST_CUTS, the newest first; more than half of the rows lie before all.

    Outcomes are not known before a row is `horizon` days old.
    """
    places = _calendar(rows.times)
    starts = [_newest(rows, places)]
    for place in reversed(places):
        if len(starts) == MOST_CUTS or place < len(rows) / 2:
            break
        if starts[-1] - place >= LEAST_JUDGING_ROWS:
            starts.append(place)
    ends = [len(rows), *starts[:-1]]
    return [
        Cut(_taught(rows, start, horizon), start, end)
        for start, end in zip(starts, ends, strict=True)
    ]


def _taught(rows: Rows, start: int, horizon: int) -> int:
    """Return how many rows are `horizon` days older than the first that is asked about.

    Where those are less than half of the rows before it, a short history teaches up to there.
    """
    if not horizon:
        return start
    taught = int((rows.times <= rows.times[start] - timedelta(days=horizon)).sum())
    return taught if taught > start / 2 else start


def _calendar(times: pl.Series) -> list[int]:
    """Return the place of the first row of each JUDGING_DAYS; with 7, these begin on Mondays."""
    periods = (times.dt.date() - date.min).dt.total_days() // JUDGING_DAYS
    return (periods != periods.shift()).fill_null(True).arg_true().to_list()


def _newest(rows: Rows, places: list[int]) -> int:
    """Return the newest cut: the last on the calendar that half of JUDGING_DAYS have followed."""
    half = newest_time(rows.times) - timedelta(days=JUDGING_DAYS / 2)
    place = next((place for place in reversed(places) if rows.times[place] <= half), 0)
    rare = _holding_rare(rows) if CLASSES else 0
    wanted = max(len(rows) - place, LEAST_JUDGING_ROWS, rare)
    return len(rows) - min(wanted, int(len(rows) * LARGEST_JUDGING_SHARE))


def _holding_rare(rows: Rows) -> int:
    """Return how many of the newest rows hold LEAST_RARE_ROWS of the less frequent classes."""
    rare_rows_from_newest = is_rare(rows.rows[OUTCOME]).reverse().cum_sum()
    return int((rare_rows_from_newest < LEAST_RARE_ROWS).sum()) + 1
