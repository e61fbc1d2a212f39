"""Containers of the images a project names, for tests that need a part without the platform."""

import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from subprocess import CompletedProcess

import yaml
from conftest import UNBAKED, leave_out
from running import missing_engine, run

SERVICES = yaml.safe_load((UNBAKED / "compose.yaml").read_text(encoding="utf-8"))["services"]


def image(service: str) -> str:
    """Return the image of a service, from Docker Hub."""
    return SERVICES[service]["image"].removeprefix("${IMAGE_REGISTRY:-}")


@cache
def make_available(*services: str) -> None:
    """Make the images of services available, or leave the test out where no container can start."""
    if (
        missing_engine()
        or run("docker", "version", "--format", "{{.Server.Os}}").stdout != "linux\n"
    ):
        leave_out(f"No Docker Engine starts Linux containers: {', '.join(services)} did not run.")
    if command := os.environ.get("IMAGES_COMMAND"):
        subprocess.run([*shlex.split(command), *map(image, services)], check=True)


@contextmanager
def started(service: str, port: int, *words: str) -> Iterator[tuple[str, str]]:
    """Start a service's image with these words for Docker. Yields its id and its address here."""
    make_available(service)
    done = run(
        *f"docker run --detach --rm --publish 127.0.0.1::{port}".split(), *words, image(service)
    )
    assert done.returncode == 0, done.stdout
    container = done.stdout.split()[-1]
    try:
        yield container, run("docker", "port", container, str(port)).stdout.split()[0]
    finally:
        run("docker", "rm", "--force", "--volumes", container)


def promtool(folder: Path, *words: str) -> CompletedProcess:
    """Run promtool in a folder."""
    make_available("monitoring")
    mounted = ("--user", "root", "--volume", f"{folder}:/folder:ro", "--workdir", "/folder")
    tool = ("--entrypoint", "promtool", image("monitoring"))
    return run("docker", "run", "--rm", *mounted, *tool, *words)
