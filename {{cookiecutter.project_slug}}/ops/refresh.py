"""Apply what `docker compose up` ignores: parts switched off, and edits of mounted files."""

import json
from datetime import datetime
from pathlib import Path

from ops import compose, docker
from ops.dotenv import PROJECT


def remove_switched_off() -> None:
    """Remove the containers of parts that COMPOSE_PROFILES no longer names; their data stay."""
    enabled = set(compose.text("config", "--services").split())
    present = {container["Service"] for container in compose.containers()}
    switched_off = sorted(present - enabled)
    if enabled and switched_off:
        compose.run(*compose.ALL_PROFILES, "rm", "--stop", "--force", *switched_off)


def reread_edited_files() -> None:
    """Restart each service with a mounted file that changed after it started."""
    started = {
        container["Service"]: started_at(container["ID"])
        for container in compose.containers()
        if container["State"] == "running"
    }
    services = compose.config()["services"]
    edited = [
        name for name, start in started.items() if newest_change(services.get(name, {})) > start
    ]
    if edited:
        print(f"Files changed since they started: {', '.join(edited)}.")
        compose.run("restart", *edited)
        compose.run("up", "--detach", "--wait", "--wait-timeout", "300")


def started_at(container: str) -> float:
    """Return the time at which the container's process began."""
    description = docker.ask("inspect", container)
    description.check_returncode()
    start = json.loads(description.stdout)[0]["State"]["StartedAt"]
    return datetime.fromisoformat(start[:19] + "+00:00").timestamp()


def newest_change(service: dict) -> float:
    """Return the time at which a file that the service mounts was last edited."""
    volumes = service.get("volumes", [])
    mounts = [Path(volume["source"]) for volume in volumes if volume["type"] == "bind"]
    configuration = [mount for mount in mounts if is_configuration(mount)]
    files = [file for mount in configuration for file in (mount, *mount.rglob("*"))]
    return max((file.stat().st_mtime for file in files if file.is_file()), default=0)


def is_configuration(mount: Path) -> bool:
    """Return whether it is a file of the project that its reader does not reread by itself."""
    return mount.is_relative_to(PROJECT) and mount not in (PROJECT / "access", PROJECT / "gateway")
