"""The main job in one command: a project in demo/ that learns from real flights and answers."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

from cookiecutter.main import cookiecutter

ROOT = Path(__file__).resolve().parent
DEMO = ROOT / "demo"

ENGINE_ANSWERS = 20
"""Seconds for a Docker Engine to say that it is there."""


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
    """Return whether a Docker Engine answers here."""
    docker = shutil.which("docker")
    if docker is None:
        return False
    try:
        done = subprocess.run([docker, "info"], capture_output=True, timeout=ENGINE_ANSWERS)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


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
    print(f"The project is in {project.relative_to(ROOT)}. ", end="")
    if docker_runs():
        print("Docker runs here: `make up` there starts the whole platform.")
    else:
        print("No Docker answers here, so only the pipeline and the API were shown;")
        print("with Docker running, `make up` there starts the whole platform.")


if __name__ == "__main__":
    main()
