"""The containers of prediction: which there are, and which are to be started or stopped."""

import http.client
import json
import socket
from collections.abc import Iterable
from dataclasses import dataclass

SOCKET = "/filter/docker.sock"
"""Where the filter listens. It knows three requests, and adds what they are about by itself."""

LONGEST_STOP = 60
"""Seconds in which a replica that is stopped has ended, or been killed."""


class Refused(Exception):
    """Docker or the filter said no; the text says why."""


@dataclass(frozen=True)
class Container:
    """A replica, as Docker lists it."""

    name: str
    running: bool
    well: bool

    @property
    def number(self) -> int:
        """Return which of the replicas it is."""
        return int(self.name.rpartition("-")[2])


class Filter(http.client.HTTPConnection):
    """A connection to the filter before Docker's socket."""

    def connect(self) -> None:
        """Open it."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(SOCKET)


def ask(method: str, path: str, timeout: float) -> bytes:
    """Return what Docker answers. Raise Refused or OSError if it does not do it."""
    connection = Filter("docker", timeout=timeout)
    try:
        connection.request(method, path)
        reply = connection.getresponse()
        body = reply.read()
    except http.client.HTTPException as error:
        raise Refused(f"{method} {path}: {error!r}") from None
    finally:
        connection.close()
    if reply.status >= 400:
        raise Refused(f"{method} {path}: {reply.status} {body.decode(errors='replace')[:200]}")
    return body


def listed() -> list[Container]:
    """Return all replicas that were created, by their number."""
    found = [container(one) for one in json.loads(ask("GET", "/containers", 5))]
    return sorted(filter(None, found), key=lambda one: one.number)


def container(described: dict) -> Container | None:
    """Return a container of the listing, or None for one that Compose is about to replace."""
    name = described["Names"][0].removeprefix("/")
    if not name.rpartition("-")[2].isdigit():
        return None
    running = described["State"] == "running"
    ill = "(unhealthy)" in described["Status"]
    return Container(name, running, running and not ill)


def start(one: Container) -> None:
    """Start a replica that is stopped."""
    ask("POST", f"/{one.name}/start", 30)


def stop(one: Container) -> None:
    """Stop a replica, and return when it has finished what it had."""
    ask("POST", f"/{one.name}/stop", LONGEST_STOP)


def to_start(replicas: Iterable[Container], wanted: int) -> list[Container]:
    """Return the stopped replicas that are missing: one that is ill does not count."""
    replicas = list(replicas)
    missing = max(0, wanted - sum(one.well for one in replicas))
    return [one for one in replicas if not one.running][:missing]


def to_stop(replicas: Iterable[Container], wanted: int) -> list[Container]:
    """Return the last replica if there are more than wanted: one at a time, and none that is ill.

    An ill one is left for a person to look at.
    """
    well = [one for one in replicas if one.well]
    return well[-1:] if len(well) > wanted else []
