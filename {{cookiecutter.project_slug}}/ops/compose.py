"""Docker Compose, called in the project's folder."""

import json
import shutil
import subprocess
import sys

from ops.dotenv import PROJECT

ALL_PROFILES = ("--profile", "*")
PATIENCE = 15
"""Seconds in which Docker must answer a question; a busy one takes two or three."""

NOT_INSTALLED = (
    "Docker is not installed. `make local` works without it; the README says how to get it."
)
NO_ANSWER = f"Docker has not answered within {PATIENCE} seconds"


class NoDocker(SystemExit):
    """Docker can't be asked; the text says why. Where nothing catches it, it ends the command."""


def docker(*words: str) -> subprocess.CompletedProcess[str]:
    """Ask `docker …` something and return what it prints. Raise NoDocker if it does not answer."""
    try:
        return subprocess.run(
            ["docker", *words],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
        )
    except FileNotFoundError:
        raise NoDocker(NOT_INSTALLED) from None
    except subprocess.TimeoutExpired:
        raise NoDocker(f"{NO_ANSWER}. Restart it and try again.") from None


def text(*words: str) -> str:
    """Return what `docker compose …` prints, or nothing if it fails."""
    answer = docker("compose", *words)
    return answer.stdout if answer.returncode == 0 else ""


def attempt(*words: str, **how) -> subprocess.CompletedProcess:
    """Run `docker compose …` for as long as it takes, and leave a failure to the caller."""
    try:
        return subprocess.run(["docker", "compose", *words], cwd=PROJECT, **how)
    except FileNotFoundError:
        raise NoDocker(NOT_INSTALLED) from None


def run(*words: str, **how) -> subprocess.CompletedProcess:
    """Run `docker compose …` with its output shown. If it fails, end with its exit code."""
    process = attempt(*words, **how)
    if process.returncode:
        sys.exit(process.returncode)
    return process


def containers() -> list[dict]:
    """Return the project's containers, also those that have ended."""
    listing = text(*ALL_PROFILES, "ps", "--all", "--format", "json").strip()
    if listing.startswith("["):  # before Compose 2.21
        return json.loads(listing)
    return [json.loads(line) for line in listing.splitlines()]


def has_running(service: str) -> bool:
    """Return whether the service has a running container. Raise NoDocker if that can't be known."""
    return any(
        container["Service"] == service and container["State"] == "running"
        for container in containers()
    )


def is_running(service: str) -> bool:
    """Return whether the service runs; where Docker is absent or does not answer, nothing does."""
    if shutil.which("docker") is None:
        return False
    try:
        return has_running(service)
    except NoDocker:
        print(f"{NO_ANSWER}; continuing without it.", file=sys.stderr, flush=True)
        return False


def require(service: str, remedy: str) -> None:
    """End with a sentence unless the service runs."""
    if not has_running(service):
        sys.exit(f"{service} does not run. {remedy}")


def config() -> dict:
    """Return the compose file as Docker reads it, for the parts that are switched on."""
    return json.loads(
        run("config", "--format", "json", stdout=subprocess.PIPE, encoding="utf-8").stdout
    )
