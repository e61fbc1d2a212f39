"""How fast raw rows become checked rows and features, beside a bare script, and how that changes over a year."""

import json
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

from conftest import bake

ROWS = 3_000_000
ROWS_OVER_A_YEAR = 250_000
RUNS = 3
MONTHS = [f"2013-{number:02}" for number in range(1, 13)]
HERE = Path(__file__).parent


def measure() -> dict:
    """A month of ROWS, and twelve of ROWS_OVER_A_YEAR."""
    return measured(ROWS_OVER_A_YEAR)


def measured(rows_over_a_year: int) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        project = bake(Path(folder) / "here")
        prepare = "from ops import environment; print(environment.ready())"
        subprocess.run(["python3", "-c", prepare], cwd=project, check=True, capture_output=True)
        return one_month(project, Path(folder)) | a_year(project, Path(folder), rows_over_a_year)


def one_month(project: Path, folder: Path) -> dict:
    """The pipeline and the bare script in turns, each in a process of its own; medians."""
    run(project, folder, "months.py", folder, ROWS, MONTHS[0])
    raw, pairs = folder / f"{MONTHS[0]}.csv", []
    for number in range(RUNS):
        bare = run(project, folder, "rows_a_second.py", "bare", raw, folder)
        pairs.append((run(project, folder / f"{number}", "rows_a_second.py", "pipeline", raw, folder), bare))
    ours, bare = ({key: statistics.median(run[key] for run in runs) for key in runs[0]} for runs in zip(*pairs))
    return {
        "rows": ROWS,
        "rows_a_second": round(ROWS / ours["seconds"]),
        "times_the_bare_script": round(ours["seconds"] / bare["seconds"], 2),
        "times_its_core_seconds": round(ours["core_seconds"] / bare["core_seconds"], 2),
        "peak_mb": round(ours["peak_mb"]),
        "peak_mb_of_the_bare_script": round(bare["peak_mb"]),
    }


def a_year(project: Path, folder: Path, rows: int) -> dict:
    """Month after month into the same storage; the slope compares the last three with the first three."""
    cost = []
    for month in MONTHS:
        run(project, folder, "months.py", folder, rows, month)
        raw = folder / f"{month}.csv"
        cost.append(run(project, folder / "year", "rows_a_second.py", "pipeline", raw, folder)["core_seconds"])
        raw.unlink()
    slope = sum(cost[-3:]) / sum(cost[:3]) - 1
    training = run(project, folder / "year", "long_window.py")
    return {"rows_a_month": rows, "slope_over_12_months": f"{slope:+.0%}"} | {
        f"training_{what}": value for what, value in training.items()
    }


def run(project: Path, storage: Path, script: str, *words) -> dict:
    """What a script prints last, run by the project's Python with the buckets in a folder of `storage`."""
    environment = {"PYTHONPATH": str(project), "STORAGE_URL": (storage / "buckets").as_uri()}
    done = subprocess.run(
        [project / ".venv" / "bin" / "python", HERE / script, *map(str, words)],
        cwd=project,
        env=os.environ | environment,
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    return json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}
