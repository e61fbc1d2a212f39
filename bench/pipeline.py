"""Measure how fast raw rows become checked rows and features.

A plain script gives the comparison, and twelve months show how history changes it.
"""

import json
import os
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conftest import bake

ROWS = 3_000_000
ROWS_OVER_A_YEAR = 250_000
RUNS = 5
MONTHS = [f"2013-{number:02}" for number in range(1, 13)]
IN_PROJECT = Path(__file__).parent / "in_project"


def measure() -> dict:
    """Return the figures of a month of ROWS and of twelve of ROWS_OVER_A_YEAR."""
    with ready() as (project, folder):
        return (
            one_month(project, folder)
            | whole_run(project, folder)
            | a_year(project, folder, ROWS_OVER_A_YEAR)
        )


@contextmanager
def ready() -> Iterator[tuple[Path, Path]]:
    """Yield a project with its environment, and the folder that it is in."""
    with tempfile.TemporaryDirectory() as folder:
        project = bake(Path(folder) / "here")
        prepare = "from ops import virtualenv; print(virtualenv.ready())"
        subprocess.run(["python3", "-c", prepare], cwd=project, check=True, capture_output=True)
        yield project, Path(folder)


def one_month(project: Path, folder: Path) -> dict:
    """Run the pipeline and the plain script in turns, each in its own process; return medians."""
    run(project, folder, "months.py", folder, ROWS, MONTHS[0])
    raw, pairs = folder / f"{MONTHS[0]}.csv", []
    for number in range(RUNS):
        bare = run(project, folder, "rows_a_second.py", "bare", raw, folder)
        pairs.append(
            (run(project, folder / f"{number}", "rows_a_second.py", "pipeline", raw, folder), bare)
        )
    ours, bare = (
        {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        for runs in zip(*pairs, strict=True)
    )
    return {
        "rows": ROWS,
        "rows_a_second": round(ROWS / ours["seconds"]),
        "times_the_bare_script": round(ours["seconds"] / bare["seconds"], 2),
        "times_its_core_seconds": round(ours["core_seconds"] / bare["core_seconds"], 2),
        "peak_mb": round(ours["peak_mb"]),
        "peak_mb_of_the_bare_script": round(bare["peak_mb"]),
    }


def whole_run(project: Path, folder: Path) -> dict:
    """Run every step on a month of ROWS, and compare the errors of a sampled and a whole window."""
    run(project, folder, "months.py", folder, ROWS, MONTHS[-1])
    storage, raw = folder / "whole", folder / f"{MONTHS[-1]}.csv"
    took = run(project, storage, "whole_run.py", raw)
    return named("whole_run", took) | named(
        "sampled_window", run(project, storage, "sampled_window.py")
    )


def a_year(project: Path, folder: Path, rows: int) -> dict:
    """Bring month after month into one storage; the slope is the last three against the first."""
    cost, storage = [], folder / "year"
    for month in MONTHS:
        run(project, folder, "months.py", folder, rows, month)
        raw = folder / f"{month}.csv"
        cost.append(
            run(project, storage, "rows_a_second.py", "pipeline", raw, folder)["core_seconds"]
        )
        raw.unlink()
    slope = sum(cost[-3:]) / sum(cost[:3]) - 1
    took = named("year_run", run(project, storage, "whole_run.py"))
    training = named("year_training", run(project, storage, "long_window.py"))
    return {"year_rows_a_month": rows, "year_slope": f"{slope:+.0%}"} | took | training


def named(what: str, figures: dict) -> dict:
    """Prefix the names of figures with what they are of."""
    return {f"{what}_{name}": value for name, value in figures.items()}


def run(project: Path, storage: Path, script: str, *words, **settings) -> dict:
    """Run a program with the project's Python on buckets in a folder; return what it printed."""
    environment = {"PYTHONPATH": str(project), "STORAGE_URL": (storage / "buckets").as_uri()}
    environment |= {name: str(value) for name, value in settings.items()}
    done = subprocess.run(
        [project / ".venv" / "bin" / "python", IN_PROJECT / script, *map(str, words)],
        cwd=project,
        env=os.environ | environment,
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    return json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}
