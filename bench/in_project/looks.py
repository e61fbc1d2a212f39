"""Print what a look for work costs, and a run for one small file, with many files before it.

Words come in pairs: so many files, spread over so many months up to the newest. Of several pairs
each holds the files of those before it. The files are hours of flights. A run is a process of its
own, as it is on a platform: none of what it reads is in its memory already.
"""

import contextlib
import io
import json
import resource
import statistics
import subprocess
import sys
import time

import polars as pl
from core.storage import bucket
from model.source import month_of_flights
from processing.run import run
from processing.work import work_to_do

LOOKS = 9
RUNS = 3
NEWEST = 12 * 2013 + 3
"""April 2013, in months: the example's source delivers those before it."""


def main(*pairs: int) -> None:
    hours = month_of_flights("2013-01").partition_by("day", "hour", maintain_order=True)
    stored, figures = 0, []
    for files, months in zip(pairs[::2], pairs[1::2], strict=True):
        for number in range(stored, files):
            _put(f"{number:06}", hours[number % len(hours)], number, number * months // files)
        stored = files
        _quietly_run()
        figures.append({"files": files, "months": months} | _measured(hours, files))
    print(json.dumps(figures))


def _measured(hours: list[pl.DataFrame], files: int) -> dict:
    looks = [_took(work_to_do) for _ in range(LOOKS)]
    runs = []
    for number in range(RUNS):
        _put(f"new-{files}-{number}", hours[number], files + number, 0)
        runs.append(_took(_run_by_itself))
    return {
        "look_ms": round(statistics.median(looks) * 1000, 1),
        "run_seconds": round(statistics.median(runs), 2),
        "run_peak_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
    }


def _put(name: str, hour: pl.DataFrame, number: int, months_back: int) -> None:
    """Store a file; the same hour in another year or month holds other flights."""
    year, month = divmod(NEWEST - months_back, 12)
    moved = hour.with_columns(
        year=pl.lit(str(year)),
        month=pl.lit(str(month + 1)),
        day=pl.col("day").cast(pl.Int64).clip(upper_bound=28).cast(pl.String),
        flight=pl.lit(str(number % 9999 + 1)),
    )
    bucket("raw").put(f"{name}.csv", moved.unique("carrier").write_csv().encode())


def _run_by_itself() -> None:
    subprocess.run([sys.executable, "-m", "processing.run"], check=True, stdout=subprocess.DEVNULL)


def _quietly_run() -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        run()


def _took(act) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
