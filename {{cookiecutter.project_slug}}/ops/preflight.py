"""Checks before anything is started: everything that would keep the platform from starting."""

import json
import re
import shutil
import socket
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from ops import compose, dotenv

ENGINE, COMPOSE = (25, 0), (2, 24)
MEMORY, DISK = 3.5e9, 10e9
DOCKER_IS_AT = "https://docs.docker.com/engine/install/"
HOST_NAME = re.compile(
    r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])"
)
PORTS = ("GATEWAY_PORT", "LAB_PORT", "STORAGE_PORT")


def problems() -> list[str]:
    """Return every problem as a sentence that says what to do."""
    docker = list(docker_problems())
    settings = list(setting_problems(dotenv.values()))
    return docker + settings + ([] if docker or settings else list(room_problems()))


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
    except compose.NoDocker as problem:
        yield str(problem)


def engine_problems() -> Iterator[str]:
    """Yield a sentence if the engine does not answer or is too old."""
    engine = compose.docker("version", "--format", "{{.Server.Version}}")
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
    plugin = compose.docker("compose", "version", "--short")
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


def setting_problems(settings: dict[str, str]) -> Iterator[str]:
    """Yield a sentence for each setting of .env that can't be meant."""
    yield from port_problems({name: settings.get(name, "") for name in PORTS})
    domain, certificates = settings.get("DOMAIN", ""), settings.get("CERTIFICATES", "")
    if domain and not HOST_NAME.fullmatch(domain):
        yield (
            f"DOMAIN in .env is {domain!r}; "
            "write a name in small letters, such as flights.example.org."
        )
    if certificates not in ("acme", "internal"):
        yield f"CERTIFICATES in .env is {certificates!r}; write acme or internal."
    if not re.fullmatch(r"[A-Za-z0-9._@-]{1,64}", settings.get("ADMIN_USER", "")):
        yield "ADMIN_USER in .env is no user's name; write 1 to 64 letters, digits and . _ @ -."


def port_problems(ports: dict[str, str]) -> Iterator[str]:
    """Yield a sentence for each port that is no port, and one if two are the same."""
    for name, port in ports.items():
        if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
            yield f"{name} in .env is {port!r}; write a number from 1 to 65535."
    if len(set(ports.values())) < len(ports):
        names, numbers = ", ".join(ports), ", ".join(ports.values())
        yield f"{names} in .env are {numbers}; write a different number for each."


def room_problems() -> Iterator[str]:
    """Yield what is missing: an optional part, a port, memory or disk."""
    yield from profile_problems(set(dotenv.values()["COMPOSE_PROFILES"].split(",")))
    present = compose.containers()
    yield from taken_ports(present)
    # Docker may run in a virtual machine, with memory and a disk of its own.
    machine = json.loads(compose.docker("info", "--format", "{{json .}}").stdout)
    memory = machine["MemTotal"]
    if memory < MEMORY:
        yield (
            f"Docker has {memory / 1e9:.1f} GB of memory, and the platform needs 3.5 GB. "
            "Give it more."
        )
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
