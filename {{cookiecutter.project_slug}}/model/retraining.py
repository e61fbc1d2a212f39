"""When to train again. Every cause has a cool-down, and a least number of new rows that it takes to learn from."""

from datetime import timedelta
from typing import NamedTuple


class Rule(NamedTuple):
    """`cool_down` counts from the last training, and so does what is new: rows whose outcome is known."""

    cool_down: timedelta
    least_rows: int


NEW_ROWS = Rule(cool_down=timedelta(minutes=1), least_rows=2_000)
"""Enough has come to learn something new."""

DRIFT = Rule(cool_down=timedelta(hours=1), least_rows=500)
"""A feature or the outcome no longer looks as it did in training; see processing/training/drift.py."""

LIVE_ERROR = Rule(cool_down=timedelta(hours=1), least_rows=200)
"""The answers given were worse than the champion's card promised, by more than WORSE_BY."""

WORSE_BY = 0.2

SCHEDULE = Rule(cool_down=timedelta(days=7), least_rows=1)
"""In any case once a week, if there is anything new."""
