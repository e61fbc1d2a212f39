"""Measure what training costs: beside a busy machine, and if it is done half as often."""

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.pipeline import named, ready, run

TIMES = 3
"""Of each, in turns, so that a slow hour of the machine meets both."""


def measure() -> dict:
    """Return the seconds of training alone and beside busy cores, and what fewer trainings do."""
    with ready() as (project, folder):
        storage = folder / "training"
        run(project, storage, "whole_run.py")
        alone, beside = [], []
        for _ in range(TIMES):
            alone.append(seconds(project, storage))
            with busy():
                beside.append(seconds(project, storage))
        fewer = run(project, storage, "fewer_trainings.py")
    took, beside_took = statistics.median(alone), statistics.median(beside)
    return {
        "seconds_alone": took,
        "seconds_beside_busy_loops": beside_took,
        "times_as_long": round(beside_took / took, 2),
    } | named("nine_months", fewer)


def seconds(project: Path, storage: Path) -> float:
    """Return the median seconds of a training, in a process of its own."""
    return statistics.median(run(project, storage, "training.py", 3)["seconds"])


@contextmanager
def busy() -> Iterator[None]:
    """Keep every core busy with a loop that never waits."""
    loop = [sys.executable, "-c", "while True: pass"]
    loops = [subprocess.Popen(loop) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for process in loops:
            process.kill()
            process.wait()
