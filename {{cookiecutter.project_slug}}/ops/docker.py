"""Docker, asked in the project's folder."""

import subprocess
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PATIENCE = 15
"""Seconds in which Docker must answer a question; a busy one takes two or three."""

NOT_INSTALLED = (
    "Docker is not installed. `make local` works without it; the README says how to get it."
)
NO_ANSWER = f"Docker has not answered within {PATIENCE} seconds"


class NoDocker(SystemExit):
    """Docker can't be asked; the text says why. Where nothing catches it, it ends the command."""


def ask(*words: str, patience: float = PATIENCE, env=None) -> subprocess.CompletedProcess[str]:
    """Ask `docker …` something and return what it prints. Raise NoDocker if it does not answer."""
    try:
        return subprocess.run(
            ["docker", *words],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=patience,
            env=env,
        )
    except FileNotFoundError:
        raise NoDocker(NOT_INSTALLED) from None
    except subprocess.TimeoutExpired:
        raise NoDocker(f"{NO_ANSWER}. Restart it and try again.") from None
