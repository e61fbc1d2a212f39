"""Docker Compose, called in the project's folder, on what is this folder's own."""

import json
import shutil
import subprocess
import sys

from ops import docker, ownership
from ops.docker import NO_ANSWER, NOT_INSTALLED, PROJECT, NoDocker

ALL_PROFILES = ("--profile", "*")


def text(*words: str) -> str:
    """Return what `docker compose …` prints, or nothing if it fails."""
    answer = docker.ask("compose", *words)
    return answer.stdout if answer.returncode == 0 else ""


def attempt(*words: str, **how) -> subprocess.CompletedProcess:
    """Run `docker compose …` for as long as it takes, and leave a failure to the caller."""
    ownership.require()
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
    ownership.require()
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
