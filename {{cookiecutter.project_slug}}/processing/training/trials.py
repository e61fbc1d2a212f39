"""Which window to learn from: each is tried at past cuts, with what was known then.

One fortnight says little, and a year too much of a world that may be gone: the newest cut counts
most, and each one before it less.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache

import numpy as np

from core.card import Trial
from processing.training.rows import Rows, TooFewRows

OLDER_COUNTS = 0.7
"""The weight of a cut, as a share of the next newer one's."""


Lesson = tuple[Rows, Rows]
"""The rows that were known at a cut, and some that followed."""

Measure = Callable[[Rows, Rows], float]
"""Trains on some rows, and returns the mean error on others. Raises TooFewRows."""


def try_windows(
    lessons: Iterable[Lesson], windows: list[int], measure: Measure, tried: Iterable[Trial] = ()
) -> Iterator[Trial]:
    """Yield a trial of each window at each cut, newest first; those `tried` already stay as is.

    Ends where rows become too few; raises TooFewRows if already the newest are.
    """
    before = {(trial["days"], trial["cut"], trial["until"]): trial for trial in tried}
    for number, (known, asked) in enumerate(lessons):
        try:
            yield from list(_at_cut(known, asked, windows, measure, before))
        except TooFewRows:
            if number == 0:
                raise
            return


def _at_cut(
    known: Rows, asked: Rows, windows: list[int], measure: Measure, before: dict
) -> Iterator[Trial]:
    @cache  # windows that reach further back than the rows do are one and the same
    def error(rows: int) -> float:
        return measure(known.slice(-rows), asked)

    cut, until = (f"{time:%Y-%m-%d}" for time in (asked.times[0], asked.times[-1]))
    for days in windows:
        yield before.get((days, cut, until)) or Trial(
            days=days,
            cut=cut,
            until=until,
            rows=len(asked),
            error=error(len(known.newest(days))),
        )


def errors_by_window(trials: Iterable[Trial]) -> dict[int, float]:
    """Return the weighted mean error of each window over all cuts."""
    by_window: dict[int, list[float]] = {}
    for trial in trials:
        by_window.setdefault(trial["days"], []).append(trial["error"])
    return {
        days: float(np.average(errors, weights=OLDER_COUNTS ** np.arange(len(errors))))
        for days, errors in by_window.items()
    }


def best_window(trials: Iterable[Trial]) -> int:
    """Return the days of the window with the smallest error; of equal ones the shortest."""
    errors = errors_by_window(trials)
    return min(sorted(errors), key=errors.__getitem__)
