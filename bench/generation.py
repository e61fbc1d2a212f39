"""Measure how long it takes to make a project."""

import statistics
import tempfile
import time
from pathlib import Path

from conftest import bake

RUNS = 5


def measure() -> dict:
    """Return the seconds of a whole `cookiecutter` command, the median of RUNS."""
    return {"seconds": round(statistics.median(once() for _ in range(RUNS)), 2)}


def once() -> float:
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        bake(Path(folder) / "here")
        return time.monotonic() - started
