"""The Python environment of this machine, `.venv`: exactly what requirements.txt locks."""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from ops.dotenv import PROJECT, values

UV = "uv==0.13.9"
FOLDER = PROJECT / ".venv"
PROGRAMS = FOLDER / ("Scripts" if os.name == "nt" else "bin")
PYTHON = PROGRAMS / ("python.exe" if os.name == "nt" else "python")
INSTALLED = FOLDER / "installed"
LOCK = PROJECT / "requirements.txt"


def uv(*words: str) -> None:
    """Run uv from the environment, which is made first if there is none."""
    if not (INSTALLED.exists() and PYTHON.exists()):
        make()
    run(PYTHON, "-m", "uv", *words)


def make() -> None:
    """Make the environment anew, with nothing in it but uv."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    try:
        venv.create(FOLDER, with_pip=True)
    except subprocess.CalledProcessError:
        sys.exit(
            "This Python can't make environments. On Debian and Ubuntu, install the package python3-venv."
        )
    run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", UV)
    INSTALLED.touch()


def ready() -> Path:
    """The environment's Python, after what the lock has changed since is installed."""
    locked = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if not (PYTHON.exists() and INSTALLED.exists() and INSTALLED.read_text() == locked):
        print(
            "Installing what requirements.txt locks into .venv (once; it takes a minute or two) ...",
            flush=True,
        )
        uv(
            "pip",
            "install",
            "--quiet",
            "--python",
            str(PYTHON),
            "--require-hashes",
            "--requirement",
            str(LOCK),
        )
        INSTALLED.write_text(locked)
    return PYTHON


def source_variables() -> dict[str, str]:
    """What .env says of the place that model/source.py fetches from; the platform gets it through compose.yaml."""
    return {name: value for name, value in values().items() if name.startswith("SOURCE_")}


def run(program: Path, *words: str, **how) -> subprocess.CompletedProcess:
    """Run a program in the project's folder; when it fails, the command that called it ends with its code."""
    done = subprocess.run(
        [program, *words], cwd=PROJECT, env=os.environ | source_variables(), **how
    )
    if done.returncode:
        sys.exit(done.returncode)
    return done


if __name__ == "__main__":
    ready()
