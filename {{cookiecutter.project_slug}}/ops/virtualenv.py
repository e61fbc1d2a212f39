"""The virtual environment `.venv` of this machine: exactly what requirements.txt locks."""

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
    """Run uv from the virtual environment, which is made first if there is none."""
    if not (INSTALLED.exists() and PYTHON.exists()):
        make()
    run(PYTHON, "-m", "uv", *words, env=os.environ | package_variables())


def make() -> None:
    """Make a new virtual environment with nothing in it but uv."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    try:
        venv.create(FOLDER, with_pip=True)
    except ValueError:
        sys.exit(f"Python can't work in {PROJECT}: move it to a path without {os.pathsep!r}.")
    except subprocess.CalledProcessError:
        sys.exit(
            "This Python can't make virtual environments. "
            "On Debian and Ubuntu, install the package python3-venv."
        )
    install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", UV)
    run(PYTHON, *install, env=os.environ | package_variables())
    INSTALLED.touch()


def ready() -> Path:
    """Install what the lock lists, if it has changed since, and return the environment's Python."""
    lock_hash = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if not (PYTHON.exists() and INSTALLED.exists() and INSTALLED.read_text() == lock_hash):
        print("Installing requirements.txt into .venv (once; a minute or two) ...", flush=True)
        packages = ("--require-hashes", "--requirement", str(LOCK))
        uv("pip", "install", "--quiet", "--python", str(PYTHON), *packages)
        INSTALLED.write_text(lock_hash)
    return PYTHON


def package_variables() -> dict[str, str]:
    """Return where pip and uv find packages, and that uv trusts what this machine trusts."""
    index = values().get("PACKAGE_INDEX")
    mirror = {"PIP_INDEX_URL": index, "UV_DEFAULT_INDEX": index} if index else {}
    return {"UV_SYSTEM_CERTS": os.environ.get("UV_SYSTEM_CERTS", "true")} | mirror


def source_variables() -> dict[str, str]:
    """Return the settings of model/source.py in .env; the platform has them from compose.yaml."""
    return {name: value for name, value in values().items() if name.startswith("SOURCE_")}


def run(program: Path, *words: str, env=None, **how) -> subprocess.CompletedProcess:
    """Run a program in the project's folder. If it fails, end with its exit code."""
    environment = (env or os.environ) | source_variables()
    process = subprocess.run([program, *words], cwd=PROJECT, env=environment, **how)
    if process.returncode:
        sys.exit(process.returncode)
    return process


if __name__ == "__main__":
    ready()
