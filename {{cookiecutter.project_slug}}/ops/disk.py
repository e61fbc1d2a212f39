"""Show what takes how much of the disk, how fast it grows, and when the disk will be full."""

import json
import os
import re
import shutil
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from ops import compose, docker, dotenv, processing
from ops.docker import PROJECT

A_LONG_WALK = 120
"""Seconds in which Docker adds up what its volumes take."""

UNITS = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}

LOGS_OF_ONE = 30
"""Megabytes of a container's log at most: compose.yaml keeps three files of ten."""


def disk() -> Path:
    """Return a folder on the disk that fills: Docker's if it lies on this machine."""
    if shutil.which("docker"):
        root = docker.ask("info", "--format", "{{.DockerRootDir}}").stdout.strip()
        if root and Path(root).is_dir():
            return Path(root)
    return PROJECT


def free() -> tuple[int, int] | None:
    """Return the free bytes and inodes of the disk, or None on systems that don't count inodes."""
    if not hasattr(os, "statvfs"):
        return None
    state = os.statvfs(disk())
    return state.f_bavail * state.f_frsize, state.f_favail


def in_docker() -> Iterator[tuple[str, float]]:
    """Yield this project's volumes, images and logs with their megabytes."""
    settings = dotenv.values()
    everything = json.loads(
        docker.ask("system", "df", "-v", "--format", "json", patience=A_LONG_WALK).stdout
    )
    for volume in everything["Volumes"]:
        if f"slipway.project={settings['PROJECT_ID']}" in volume["Labels"].split(","):
            name = volume["Name"].removeprefix(f"{settings['COMPOSE_PROJECT_NAME']}_")
            yield f"volume {name}", megabytes(volume["Size"])
    ours = f"{settings['COMPOSE_PROJECT_NAME']}-"
    of_project = [image for image in everything["Images"] if image["Repository"].startswith(ours)]
    yield "images, but what they share", sum(megabytes(one["UniqueSize"]) for one in of_project)
    yield "logs at most", LOGS_OF_ONE * len(compose.containers())


def megabytes(text: str) -> float:
    """Return the megabytes that Docker writes as `1.2GB`; what it does not know is 0."""
    found = re.fullmatch(r"([\d.]+)([kMGT]?B)", text)
    return float(found[1]) * UNITS[found[2]] / 1e6 if found else 0.0


def foreseen() -> Iterator[str]:
    """Yield a sentence for what Prometheus sees filling at the rate of the last six hours."""
    name = dotenv.values()["COMPOSE_PROJECT_NAME"]
    query = urllib.parse.quote("machine:seconds_until_full")
    address = f"http://monitoring.{name}_monitoring:9090/prometheus/api/v1/query?query={query}"
    said = docker.ask("compose", "exec", "-T", "monitoring", "wget", "-Y", "off", "-qO-", address)
    series = json.loads(said.stdout)["data"]["result"] if said.returncode == 0 else []
    for one in series:
        days = float(one["value"][1]) / 86400
        yield f"Of all on this machine, its {one['metric']['of']} are used up in {days:,.0f} days."


def main() -> None:
    left = free()
    in_platform = processing.run("processing.disk", *map(str, left or ()))
    if in_platform:
        print("The bucket notebooks is not shown: the pipeline may not read it.")
        print(f"\n{'in Docker':<28}{'MB':>24}")
        for name, size in in_docker():
            print(f"{name:<28}{size:>24,.1f}")
    if left:
        print(f"\nFree on the disk: {left[0] / 1e9:,.1f} GB, {left[1]:,} inodes.")
    for sentence in foreseen() if in_platform else ():
        print(sentence)


if __name__ == "__main__":
    main()
