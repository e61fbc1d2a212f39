"""How many raw rows a second become checked rows and features, beside a bare script that checks nothing."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from conftest import bake

ROWS = 1_000_000
SCRIPT = Path(__file__).with_name("rows_a_second.py")


def measure() -> dict:
    """Rows a second, the ratio to the bare script in the same run, and the peak of memory."""
    with tempfile.TemporaryDirectory() as folder:
        project = bake(Path(folder) / "here")
        prepare = "from ops import environment; print(environment.ready())"
        subprocess.run(["python3", "-c", prepare], cwd=project, check=True, capture_output=True)
        data = Path(folder) / "data"
        data.mkdir()
        done = subprocess.run(
            [project / ".venv" / "bin" / "python", SCRIPT, str(ROWS), str(data)],
            cwd=project,
            env=os.environ | {"PYTHONPATH": str(project), "STORAGE_URL": (data / "buckets").as_uri()},
            check=True,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        return json.loads(done.stdout.splitlines()[-1])
