"""What would keep the platform from starting, found before anything is started."""

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
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
    """Every problem as a sentence that says what to do."""
    docker = list(docker_problems())
    settings = list(setting_problems(dotenv.values()))
    return docker + settings + ([] if docker or settings else list(room_problems()))


def version(text: str) -> tuple[int, ...]:
    """The first two numbers of a version."""
    return tuple(int(number) for number in re.findall(r"\d+", text)[:2])


def answer(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run(["docker", *words], capture_output=True, encoding="utf-8")


def docker_problems() -> Iterator[str]:
    """Whether there is a Docker, and one that is new enough."""
    if shutil.which("docker") is None:
        yield f"Docker is not installed. Install it ({DOCKER_IS_AT}), or use `make local`, which needs none."
        return
    engine = answer("version", "--format", "{{.Server.Version}}")
    if engine.returncode:
        reason = engine.stderr.strip().splitlines()[-1:] or ["no reason given"]
        yield f"Docker does not answer: {reason[0]} Start it, or add yourself to the group `docker` and sign in again."
    elif version(engine.stdout) < ENGINE:
        yield f"Docker Engine is {engine.stdout.strip()}; 25 is the oldest that works. Update it: {DOCKER_IS_AT}."
    plugin = answer("compose", "version", "--short")
    if plugin.returncode:
        yield f"Docker Compose is not installed. Install the package docker-compose-plugin: {DOCKER_IS_AT}."
    elif version(plugin.stdout) < COMPOSE:
        yield f"Docker Compose is {plugin.stdout.strip()}; 2.24 is the oldest that works. Update it: {DOCKER_IS_AT}."


def setting_problems(settings: dict[str, str]) -> Iterator[str]:
    """What .env says that can't be meant."""
    ports = {name: settings.get(name, "") for name in PORTS}
    for name, port in ports.items():
        if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
            yield f"{name} in .env is {port!r}; write a number from 1 to 65535."
    if len(set(ports.values())) < len(ports):
        yield f"{', '.join(ports)} in .env are {', '.join(ports.values())}; write a different number for each."
    domain, certificates = settings.get("DOMAIN", ""), settings.get("CERTIFICATES", "")
    if domain and not HOST_NAME.fullmatch(domain):
        yield f"DOMAIN in .env is {domain!r}; write a name in small letters, such as flights.example.org."
    if certificates not in ("acme", "internal"):
        yield f"CERTIFICATES in .env is {certificates!r}; write acme or internal."
    if not re.fullmatch(r"[A-Za-z0-9._@-]{1,64}", settings.get("ADMIN_USER", "")):
        yield "ADMIN_USER in .env can't be a user's name; write 1 to 64 letters, digits and . _ @ -."


def room_problems() -> Iterator[str]:
    """Whether ports, memory and disk are enough; asked of Docker, which may run in a machine of its own."""
    yield from profile_problems(set(dotenv.values()["COMPOSE_PROFILES"].split(",")))
    present = compose.containers()
    ours = {
        published["PublishedPort"] for one in present for published in one.get("Publishers") or []
    }
    for name, host, port in published_ports():
        if port not in ours and not is_free(host, port):
            yield f"Port {port} is taken by another program. End it, or set another {name} in .env."
    info = json.loads(answer("info", "--format", "{{json .}}").stdout)
    if info["MemTotal"] < MEMORY:
        yield f"Docker has {info['MemTotal'] / 1e9:.1f} GB of memory, and the platform needs 3.5 GB. Give it more."
    folder = Path(info["DockerRootDir"])
    free = shutil.disk_usage(folder if folder.exists() else dotenv.PROJECT).free
    if not present and free < DISK:  # what runs already has its images
        yield f"{free / 1e9:.1f} GB of disk are free; a first start needs 10. `docker system df` shows what takes it."


def profile_problems(chosen: set[str]) -> Iterator[str]:
    """Whether each optional part that .env names exists."""
    known = set(compose.text("config", "--profiles").split())
    for name in sorted(chosen - known - {""}):
        yield f"COMPOSE_PROFILES in .env names {name!r}; the optional parts are {', '.join(sorted(known))}."


def published_ports() -> Iterator[tuple[str, str, int]]:
    """The port of each service that publishes one, the address it is bound to, and the variable that sets it."""
    settings = dotenv.values()
    names = {settings[name]: name for name in PORTS} | (
        {"80": "DOMAIN", "443": "DOMAIN"} if settings["DOMAIN"] else {}
    )
    for service in compose.config()["services"].values():
        for port in service.get("ports", []):
            yield (
                names.get(port["published"], "port"),
                port.get("host_ip", "0.0.0.0"),
                int(port["published"]),
            )


def is_free(host: str, port: int) -> bool:
    """Whether nobody listens there; a port that only root may open is asked by knocking."""
    try:
        socket.create_server((host, port)).close()
    except PermissionError:
        with socket.socket() as knock:
            return knock.connect_ex(("127.0.0.1", port)) != 0
    except OSError:
        return False
    return True
