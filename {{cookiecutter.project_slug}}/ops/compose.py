"""Docker Compose, called in the project's folder."""

import json
import shutil
import subprocess
import sys

from ops.dotenv import PROJECT

EVERYTHING = ("--profile", "*")


def run(*words: str, **how) -> subprocess.CompletedProcess:
    """Run `docker compose …` with its output shown; when it fails, the command that called it ends with its code."""
    done = attempt(*words, **how)
    if done.returncode:
        sys.exit(done.returncode)
    return done


def attempt(*words: str, **how) -> subprocess.CompletedProcess:
    """Run `docker compose …` and leave the judgement to the caller."""
    try:
        return subprocess.run(["docker", "compose", *words], cwd=PROJECT, **how)
    except FileNotFoundError:
        sys.exit(
            "Docker is not installed. `make local` works without it; the README says how to get it."
        )


def text(*words: str) -> str:
    """What `docker compose …` answers; nothing if it fails."""
    done = attempt(*words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8")
    return done.stdout if done.returncode == 0 else ""


def containers() -> list[dict]:
    """The project's containers, also those that have ended."""
    answer = text(*EVERYTHING, "ps", "--all", "--format", "json").strip()
    if answer.startswith("["):  # before Compose 2.21
        return json.loads(answer)
    return [json.loads(line) for line in answer.splitlines()]


def is_running(service: str) -> bool:
    """Whether the service has a container that runs; without Docker nothing does."""
    installed = shutil.which("docker") is not None
    return installed and any(
        one["Service"] == service and one["State"] == "running" for one in containers()
    )


def config() -> dict:
    """The compose file as Docker reads it, for the parts that are switched on."""
    return json.loads(
        run("config", "--format", "json", stdout=subprocess.PIPE, encoding="utf-8").stdout
    )
