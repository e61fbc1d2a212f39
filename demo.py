"""The main job in one command: a project in demo/ that learns from real flights and answers."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

from cookiecutter.main import cookiecutter

ROOT = Path(__file__).resolve().parent
DEMO = ROOT / "demo"
DOCKER_PATIENCE = 15
"""Seconds in which Docker must answer; one that is broken may never do."""


def bake() -> Path:
    """Make a fresh project in demo/, with the environment of an earlier one if there is one."""
    project, kept = DEMO / "flight-times", DEMO / "environment"
    if (project / ".venv").exists():
        shutil.rmtree(kept, ignore_errors=True)
        (project / ".venv").rename(kept)
    shutil.rmtree(project, ignore_errors=True)
    cookiecutter(str(ROOT), no_input=True, output_dir=str(DEMO), default_config=True)
    if kept.exists():
        kept.rename(project / ".venv")
    return project


def do(project: Path, *words: str) -> None:
    """Run one of the project's own commands."""
    if subprocess.run([sys.executable, "-m", *words], cwd=project).returncode:
        sys.exit(f"The demo stopped at `python -m {' '.join(words)}` in {project}.")


def docker_runs() -> bool:
    """Return whether a Docker Engine answers here; say so of one that does not in time."""
    docker = shutil.which("docker")
    if docker is None:
        return False
    try:
        answer = subprocess.run([docker, "info"], capture_output=True, timeout=DOCKER_PATIENCE)
    except subprocess.TimeoutExpired:
        print(f"Docker has not answered within {DOCKER_PATIENCE} seconds; the demo needs none.")
        return False
    return answer.returncode == 0


def main() -> None:
    started = time.monotonic()
    project = bake()
    do(project, "ops.virtualenv")
    installed = time.monotonic()
    do(project, "ops.local", "--once")
    learned = time.monotonic()
    print(
        f"\nFrom raw flights to an answer in {learned - installed:.0f} s; "
        f"installing took {installed - started:.0f} s."
    )
    place = project.relative_to(ROOT)
    if docker_runs():
        print(f"The project is in {place}. Docker runs: `make up` there starts the whole platform.")
    else:
        print(
            f"The project is in {place}. Without Docker, only the pipeline and the API were shown;"
        )
        print("once it runs, `make up` there starts the whole platform.")


if __name__ == "__main__":
    main()
