"""Outcomes that come late, and of some rows later than of others."""

import time
from datetime import datetime, timedelta

import polars as pl

from core import registry
from model import retraining, source
from processing.steps import run_steps
from processing.training.candidate import version_of
from processing.training.window import newest_window


def test_long_jobs_that_are_known_a_week_late_teach_and_judge_only_then(storage, monkeypatch):
    monkeypatch.setattr(retraining, "NEW_ROWS", retraining.Rule(timedelta(0), 1))
    month = pl.read_csv(source.raw_file("2025-01"), infer_schema=False)
    week = (pl.col("received").str.slice(8, 2).cast(pl.Int64) - 1) // 7
    is_long = pl.col("minutes").cast(pl.Float64) > 10
    for number in range(1, 4):
        now = month.filter(week == number if number > 1 else week <= number)
        told = pl.when(~is_long | (week < 1)).then("minutes")
        late = month.filter(is_long, week == number - 1, week > 0)
        file = pl.concat([now.with_columns(minutes=told), late])
        storage("raw").put(f"week {number}", file.write_csv().encode())
        list(run_steps(without="raw"))
        time.sleep(1.1)  # storage tells arrivals to the second
    window = newest_window(storage("processed"))
    late = window.lateness
    assert 7 <= late.horizon <= 15 and late.missing > 0.2
    assert window.labelled.times[-1] <= datetime(2025, 1, 29) - timedelta(days=late.horizon)
    card = registry.card(storage("models"), version_of(window))
    assert "larger" in card["outcomes"]["warning"]
    assert card["twin"]["to"] < card["judged_on"]["from"]
    assert card["window"]["to"] >= card["judged_on"]["to"]
