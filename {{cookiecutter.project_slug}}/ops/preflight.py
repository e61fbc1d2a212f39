"""Checks before anything is started: everything that would keep the platform from starting."""

import getpass
import json
import re
import shutil
import socket
from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import chain
from pathlib import Path

from ops import compose, docker, dotenv, memory, modes, ownership, subnets
from ops.settings import PORTS, file_problems, setting_problems

ENGINE, COMPOSE = (25, 0), (2, 24)
DISK = 10e9
DOCKER_IS_AT = "https://docs.docker.com/engine/install/"
NAME_SERVERS = (Path("/run/systemd/resolve/resolv.conf"), Path("/etc/resolv.conf"))
DAEMON = Path("/etc/docker/daemon.json")


def problems() -> list[str]:
    """Return every problem as a sentence that says what to do."""
    first = [
        *docker_problems(),
        *folder_problems(dotenv.PROJECT),
        *file_problems(),
        *setting_problems(dotenv.values()),
        *name_server_problems(),
        *mode_problems(),
    ]
    return first or list(filter(None, [ownership.problem()])) or list(room_problems())


def version(text: str) -> tuple[int, ...]:
    """Return the first two numbers of a version."""
    return tuple(int(number) for number in re.findall(r"\d+", text)[:2])


def docker_problems() -> Iterator[str]:
    """Yield what is wrong with Docker: it is missing, does not answer, or is too old."""
    if shutil.which("docker") is None:
        yield (
            f"Docker is not installed. Install it ({DOCKER_IS_AT}), "
            "or use `make local`, which needs none."
        )
        return
    try:
        yield from engine_problems()
        yield from plugin_problems()
    except docker.NoDocker as problem:
        yield str(problem)


def engine_problems() -> Iterator[str]:
    """Yield a sentence if the engine does not answer or is too old."""
    engine = docker.ask("version", "--format", "{{.Server.Version}}")
    if engine.returncode:
        reason = engine.stderr.strip().splitlines()[-1:] or ["no reason given"]
        yield (
            f"Docker does not answer: {reason[0]} Start it, "
            "or add yourself to the group `docker` and sign in again."
        )
    elif version(engine.stdout) < ENGINE:
        yield too_old("Engine", engine.stdout, ENGINE)


def plugin_problems() -> Iterator[str]:
    """Yield a sentence if Compose is missing or too old."""
    plugin = docker.ask("compose", "version", "--short")
    if plugin.returncode:
        yield (
            "Docker Compose is not installed. "
            f"Install the package docker-compose-plugin: {DOCKER_IS_AT}."
        )
    elif version(plugin.stdout) < COMPOSE:
        yield too_old("Compose", plugin.stdout, COMPOSE)


def too_old(program: str, installed: str, oldest: tuple[int, int]) -> str:
    """Return the sentence that asks for an update."""
    minimum = ".".join(map(str, oldest))
    return (
        f"Docker {program} is {installed.strip()}; {minimum} is the oldest that works. "
        f"Update it: {DOCKER_IS_AT}."
    )


def folder_problems(folder: Path) -> Iterator[str]:
    """Yield a sentence if Docker can't build or mount what is in a folder of this name."""
    wrong = {sign for part in folder.parts[1:] for sign in part if sign in ":$%"}
    wrong |= {sign for sign in folder.name if not sign.isascii()}
    if wrong:
        yield (
            f"Docker can't work in {folder}, because of {' and '.join(sorted(wrong))}. "
            "Move this folder to another path."
        )


def mode_problems() -> Iterator[str]:
    """Yield a sentence if there are files that containers, which run as other users, can't read."""
    if closed := modes.closed(dotenv.PROJECT):
        yield (
            f"Containers can't read {closed[0].relative_to(dotenv.PROJECT)}, "
            "and its mode could not be changed. "
            f"Run `sudo chown -R {getpass.getuser()} .` in this folder; if that does not help, "
            "move it to a file system that keeps modes."
        )


def name_server_problems() -> Iterator[str]:
    """Yield a sentence if containers would ask the cloud's metadata address, as on Google Cloud."""
    texts = [file.read_text(errors="replace") for file in NAME_SERVERS if file.exists()]
    servers = re.findall(r"^nameserver\s+(169\.254\.\S+)", "\n".join(texts), re.MULTILINE)
    daemon = DAEMON.read_text(errors="replace") if DAEMON.exists() else ""
    if servers and '"dns"' not in daemon:
        yield (
            f"This machine's name server is {servers[0]}, from which notebooks and the pipeline "
            "are kept away, because there the cloud hands out the machine's keys. "
            f'Name another one in {DAEMON}, such as {{"dns": ["8.8.8.8"]}}, and restart Docker.'
        )


def room_problems() -> Iterator[str]:
    """Yield what is missing: an optional part, addresses, a port, memory or disk."""
    yield from profile_problems(set(dotenv.values()["COMPOSE_PROFILES"].split(",")))
    yield from network_problems(dotenv.values()["NETWORK"])
    present = compose.containers()
    yield from taken_ports(present)
    # Docker may run in a virtual machine, with memory and a disk of its own.
    machine = json.loads(docker.ask("info", "--format", "{{json .}}").stdout)
    if too_small := memory.problem(dotenv.values(), machine["MemTotal"]):
        yield too_small
    folder = Path(machine["DockerRootDir"])
    free = shutil.disk_usage(folder if folder.exists() else dotenv.PROJECT).free
    if not present and free < DISK:  # a platform that runs has its images already
        yield (
            f"{free / 1e9:.1f} GB of disk are free; a first start needs 10. "
            "`docker system df` shows what takes it."
        )


def profile_problems(chosen: set[str]) -> Iterator[str]:
    """Yield a sentence for each optional part in .env that does not exist."""
    profiles = set(compose.text("config", "--profiles").split())
    for name in sorted(chosen - profiles - {""}):
        yield (
            f"COMPOSE_PROFILES in .env names {name!r}; "
            f"the optional parts are {', '.join(sorted(profiles))}."
        )


def network_problems(chosen: str) -> Iterator[str]:
    """Yield a sentence if somebody else uses addresses of this project's block."""
    block, (ours, others) = subnets.block(chosen), docker_networks()
    routes = [route for route in subnets.routes() if not any(route.subnet_of(own) for own in ours)]
    taken = [*others, *routes]
    overlapping = [network for network in taken if network.overlaps(block)]
    if overlapping:
        yield (
            f"NETWORK in .env is {chosen}, and {overlapping[0]} is used on this machine already. "
            f"Write NETWORK={subnets.free(taken)}."
        )


def docker_networks() -> tuple[list[IPv4Network], list[IPv4Network]]:
    """Return the addresses of this project's networks in Docker, and those of all others."""
    name = dotenv.values()["COMPOSE_PROJECT_NAME"]
    names = docker.ask("network", "ls", "--quiet").stdout.split()
    ours, others = [], []
    for found in json.loads(docker.ask("network", "inspect", *names).stdout or "[]"):
        own = found["Labels"].get(ownership.PROJECT_LABEL) == name
        addresses = [subnets.network(part["Subnet"]) for part in found["IPAM"]["Config"] or []]
        (ours if own else others).extend(filter(None, addresses))
    return ours, others


def taken_ports(containers: list[dict]) -> Iterator[str]:
    """Yield a sentence for each port of the platform that another program uses."""
    publishers = [
        publisher for container in containers for publisher in container.get("Publishers") or []
    ]
    ours = {publisher["PublishedPort"] for publisher in publishers}
    for name, host, port in published_ports():
        if port not in ours and not is_free(host, port):
            yield f"Port {port} is taken by another program. End it, or set another {name} in .env."


def published_ports() -> Iterator[tuple[str, str, int]]:
    """Yield each published port: the variable that sets it, the address it is bound to, itself."""
    settings = dotenv.values()
    names = {settings[name]: name for name in PORTS}
    if settings["DOMAIN"]:
        names |= {"80": "DOMAIN", "443": "DOMAIN"}
    services = compose.config()["services"].values()
    for port in chain.from_iterable(service.get("ports", []) for service in services):
        number = port["published"]
        yield names.get(number, "port"), port.get("host_ip", "0.0.0.0"), int(number)


def is_free(host: str, port: int) -> bool:
    """Return whether nobody listens there; for a port only root may open, try to connect."""
    try:
        socket.create_server((host, port)).close()
    except PermissionError:
        with socket.socket() as caller:
            return caller.connect_ex(("127.0.0.1", port)) != 0
    except OSError:
        return False
    return True
