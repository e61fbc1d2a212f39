"""Define when to retrain. Each cause has a cool-down and a minimum number of new rows.

This file can stay as it is; only `NEW_ROWS` should fit how many rows you get. A new kind of cause
is added in processing/training/causes.py.
"""

from datetime import timedelta
from typing import NamedTuple


class Rule(NamedTuple):
    """The time since the last training, and the new rows with a known outcome since then."""

    cool_down: timedelta
    least_rows: int


NEW_ROWS = Rule(cool_down=timedelta(minutes=1), least_rows=2_000)
"""Enough new rows to learn from."""

OFF_BY = 0.0
"""New rows are a cause only if predictions of the newest ones are too low or too high by more than
this share of their mean error. 0: always.

With 0.5, and 28 days in SCHEDULE, half as many trainings do: on the flights of nine months, looked
at each Monday, 18 instead of 40, at an error that was 0.9 % larger.
"""

DRIFT = Rule(cool_down=timedelta(hours=1), least_rows=500)
"""The champion no longer fits the newest rows; see processing/training/drift.py."""

LIVE_ERROR = Rule(cool_down=timedelta(hours=1), least_rows=200)
"""The live error is larger than the error on the champion's card, by more than WORSE_BY."""

WORSE_BY = 0.2
"""0.2 means 20 % larger."""

SCHEDULE = Rule(cool_down=timedelta(days=7), least_rows=1)
"""At least once a week, if there are any new rows."""
