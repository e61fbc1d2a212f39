"""What `docker compose up` leaves as it was: parts that were switched off, and files edited on this machine."""

import json
import subprocess
from datetime import datetime
from pathlib import Path

from ops import compose
from ops.dotenv import PROJECT


def remove_switched_off() -> None:
    """Remove the containers of parts that COMPOSE_PROFILES no longer names; their data stay."""
    wanted = set(compose.text("config", "--services").split())
    present = {one["Service"] for one in compose.containers()}
    if wanted and present - wanted:
        compose.run(*compose.EVERYTHING, "rm", "--stop", "--force", *sorted(present - wanted))


def reread_edited_files() -> None:
    """Restart each service with a mounted file that changed after it started."""
    started = {
        one["Service"]: started_at(one["ID"])
        for one in compose.containers()
        if one["State"] == "running"
    }
    services = compose.config()["services"]
    edited = [
        name for name, since in started.items() if newest_change(services.get(name, {})) > since
    ]
    if edited:
        print(f"Files changed since they started: {', '.join(edited)}.")
        compose.run("restart", *edited)
        compose.run("up", "--detach", "--wait", "--wait-timeout", "300")


def started_at(container: str) -> float:
    """When the container's process began."""
    shown = subprocess.run(
        ["docker", "inspect", container], capture_output=True, check=True, encoding="utf-8"
    ).stdout
    text = json.loads(shown)[0]["State"]["StartedAt"]
    return datetime.fromisoformat(text[:19] + "+00:00").timestamp()


def newest_change(service: dict) -> float:
    """When a file that the service mounts was last edited."""
    mounts = (
        Path(mount["source"]) for mount in service.get("volumes", []) if mount["type"] == "bind"
    )
    files = (
        file for mount in mounts if is_configuration(mount) for file in (mount, *mount.rglob("*"))
    )
    return max((file.stat().st_mtime for file in files if file.is_file()), default=0)


def is_configuration(mount: Path) -> bool:
    """Whether it belongs to the project, except what its readers look at by themselves."""
    return mount.is_relative_to(PROJECT) and mount not in (PROJECT / "access", PROJECT / "gateway")
