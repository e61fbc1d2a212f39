"""The flights example: what is its own. tests/test_project.py runs this in a generated project."""

from datetime import datetime

import polars as pl
from model import source


def test_an_impossible_time_is_missing_in_its_own_row_only():
    right = [(2013, 1, 31, 23, 59), (2012, 2, 29, 0, 0), (2013, 12, 1, 5, 7)]
    wrong = [
        (2013, 2, 29, 1, 0),
        (2013, 4, 31, 1, 0),
        (2013, 13, 1, 1, 0),
        (2013, 1, 0, 1, 0),
        (2013, 1, 1, 24, 0),
    ]
    wrong += [
        (2013, 1, 1, 1, 60),
        (2013, 1, 1, -1, 0),
        (2**40, 1, 1, 1, 0),
        (2013, 2**33 + 1, 1, 1, 0),
    ]
    wrong += [
        tuple(None if missing == part else 1 for part in source.CLOCK) for missing in source.CLOCK
    ]
    raw = pl.DataFrame(right + wrong, schema=dict.fromkeys(source.CLOCK, pl.Int64), orient="row")
    departures = source.to_rows(raw.lazy()).collect()["departure"].to_list()
    assert departures == [datetime(*time) for time in right] + [None] * len(wrong)
