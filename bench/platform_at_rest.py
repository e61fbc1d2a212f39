"""Measure how long the platform takes to start and to answer, and what it needs at rest."""

import re
import tempfile
import time
from pathlib import Path

from running import Stack, run, started

REST = 120
UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def measure() -> dict:
    """Return seconds to healthy and to the first answer; memory and image sizes in MB."""
    with tempfile.TemporaryDirectory() as folder, started(Path(folder), "bench") as stack:
        time.sleep(REST)
        memory = memory_by_service(stack)
        return {
            "seconds_to_healthy": round(stack.seconds["healthy"], 1),
            "seconds_from_healthy_to_first_answer": round(stack.seconds["first answer"], 1),
            "memory_at_rest_mb": memory,
            "memory_at_rest_mb_total": sum(memory.values()),
            "image_mb_beyond_base": image_sizes(stack),
        }


def memory_by_service(stack: Stack) -> dict[str, int]:
    """Return what `docker stats` shows, all replicas of a service together."""
    services = {
        container["Id"]: name
        for name, containers in stack.containers().items()
        for container in containers
        if container["State"]["Running"]
    }
    megabytes: dict[str, int] = {}
    for line in run(
        "docker",
        "stats",
        "--no-stream",
        "--no-trunc",
        "--format",
        "{{.ID}} {{.MemUsage}}",
        *services,
    ).stdout.splitlines():
        container_id, used = line.split()[:2]
        number, unit = re.fullmatch(r"([\d.]+)(\w+)", used).groups()
        service = services[container_id]
        megabytes[service] = megabytes.get(service, 0) + round(float(number) * UNITS[unit] / 1e6)
    return dict(sorted(megabytes.items()))


def image_sizes(stack: Stack) -> dict[str, int]:
    """Return the size of each image that is built here, less the image that it starts from."""
    sizes = {}
    for file in sorted(stack.project.glob("*/Dockerfile")):
        base = re.findall(r"^FROM (\S+)", file.read_text(), re.MULTILINE)[-1]
        base = base.removeprefix("${IMAGE_REGISTRY}")
        service = "storage-setup" if file.parent.name == "storage" else file.parent.name
        image = f"{stack.settings['COMPOSE_PROJECT_NAME']}-{service}"
        sizes[service] = round((size(image) - size(base)) / 1e6)
    return sizes


def size(image: str) -> int:
    return int(run("docker", "image", "inspect", "--format", "{{.Size}}", image).stdout)
