"""Threads that train wait without spinning, wherever they are started.

Those that spin take the cores from everything else, and from each other where others work too.
"""

import os
import subprocess
import sys

import pytest

from core.settings import PROJECT

PASSIVE = "OMP_WAIT_POLICY = 'PASSIVE'"
STARTS = {
    "the pipeline in one process": "import processing.run",
    "the pipeline in Dagster": "import processing.definitions, processing.steps",
    "a replay": "import processing.replay",
    "these tests": "import tests.test_leaks",
    "a program that make starts": (
        "import sys; from ops import virtualenv;"
        "virtualenv.run(sys.executable, '-c', 'import sklearn.ensemble')"
    ),
}


@pytest.mark.skipif(sys.platform != "linux", reason="other OpenMP libraries do not say")
@pytest.mark.parametrize("program", STARTS.values(), ids=STARTS)
def test_threads_wait_without_spinning(program):
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("OMP_")
    } | {"OMP_DISPLAY_ENV": "true"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert PASSIVE in done.stderr


@pytest.mark.parametrize("part", ["processing", "jupyterlab"])
def test_the_images_that_train_say_so_to_every_program_in_them(part):
    assert "scikit-learn" in (PROJECT / part / "requirements.txt").read_text(encoding="utf-8")
    assert "OMP_WAIT_POLICY=PASSIVE" in (PROJECT / part / "Dockerfile").read_text(encoding="utf-8")
