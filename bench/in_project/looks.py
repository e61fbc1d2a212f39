"""Print what a look for work costs, and a run for one small file, with many files before it.

The files are hours of flights, spread over so many months; all but the last are checked at once.
"""

import contextlib
import io
import json
import resource
import statistics
import sys
import time
from datetime import datetime, timedelta

import polars as pl
from core.storage import bucket
from model.source import month_of_flights
from processing.run import run
from processing.work import work_to_do

LOOKS = 9


def main(files: int, months: int) -> None:
    hours = month_of_flights("2013-01").partition_by("day", "hour", maintain_order=True)
    last = files - 1
    for number in range(last):
        _put(number, hours[number % len(hours)], number * months // last)
    _quietly_run()
    looks = [_took(work_to_do) for _ in range(LOOKS)]
    runs = []
    for number in range(last, last + 3):
        _put(number, hours[number % len(hours)], months - 1)
        runs.append(_took(_quietly_run))
    figures = {
        "look_ms": round(statistics.median(looks) * 1000, 1),
        "run_seconds": round(statistics.median(runs), 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(figures))


def _put(number: int, hour: pl.DataFrame, month: int) -> None:
    """Store a file; the same hour in another year or month holds other flights."""
    moment = datetime(2005, 1, 1) + timedelta(days=31 * month)
    moved = hour.with_columns(
        year=pl.lit(str(moment.year)),
        month=pl.lit(str(moment.month)),
        day=pl.col("day").cast(pl.Int64).clip(upper_bound=28).cast(pl.String),
        flight=pl.lit(str(number % 9999 + 1)),
    )
    bucket("raw").put(f"{number:06}.csv", moved.unique("carrier").write_csv().encode())


def _quietly_run() -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        run()


def _took(act) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
