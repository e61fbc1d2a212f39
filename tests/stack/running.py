"""A running project, and all that the tests of the stack do with it."""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import httpx
from conftest import ROOT, bake

MONTH = """
import polars as pl
from model.source import month_of_flights
minutes = pl.col("air_time").cast(pl.Float64, strict=False)
changed = ({air_time}).round().cast(pl.Int64).cast(pl.String).fill_null("NA")
print(month_of_flights("{month}").with_columns(air_time=changed).write_csv().strip())
"""
"""A program for a project's Python: a month of flights as CSV, with other times in the air."""

FLIGHT = {
    "departure": "2013-04-01T09:15:00",
    "origin": "JFK",
    "dest": "LAX",
    "carrier": "UA",
    "distance": 2475,
}
"""A question that the example's model answers."""

FIRST_ANSWER = 90
HEALTHY = 60
"""Promised seconds; a deadline here is three times that, because machines are noisy."""

OF_FOUR_GB = {"PROCESSING_MEMORY": "1536m", "JUPYTERLAB_MEMORY": "576m"}
"""What is promised holds on a machine with 4 GB, so no test has more."""

ENGINE_ANSWERS = 20
"""Seconds for an Engine to say that it is there."""


@dataclass
class Stack:
    """A running project, with what its owner knows: the folder, and what stands in .env."""

    project: Path
    settings: dict[str, str]
    seconds: dict[str, float] = field(default_factory=dict)

    def compose(self, *words: str, check: bool = True, **how) -> subprocess.CompletedProcess:
        """Run `docker compose` in the project's folder; if it fails, the error holds its output."""
        done = run("docker", "compose", *words, cwd=self.project, **how)
        assert not check or done.returncode == 0, f"{shlex.join(words)}: {done.stdout[-3000:]}"
        return done

    def make(self, *words: str, **how) -> subprocess.CompletedProcess:
        """Run a command of the project's Makefile."""
        return run("make", *words, cwd=self.project, **how)

    def containers(self) -> dict[str, list[dict]]:
        """Return what Docker knows of each container, by service."""
        ids = self.compose("ps", "--all", "--quiet").stdout.split()
        services = {}
        for container in json.loads(run("docker", "inspect", *ids).stdout):
            service = container["Config"]["Labels"]["com.docker.compose.service"]
            services.setdefault(service, []).append(container)
        return services

    def inside(self, service: str, code: str) -> str:
        """Run Python in a service's container and return what it printed."""
        return self.compose("exec", "-T", service, "python", "-c", code).stdout

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings['GATEWAY_PORT']}"

    @property
    def lab_url(self) -> str:
        return f"http://127.0.0.1:{self.settings['LAB_PORT']}"

    @property
    def storage_url(self) -> str:
        return f"http://127.0.0.1:{self.settings['STORAGE_PORT']}"

    def storage_key(self, name: str, rights: str) -> str:
        """Make a storage key as the owner does, and return its secret."""
        made = self.make("storage-key", f"NAME={name}", f"RIGHTS={rights}")
        assert made.returncode == 0, made.stdout
        return re.search(r"secret key: (\S+)", made.stdout)[1]

    @property
    def owner(self) -> tuple[str, str]:
        """Return the name and the password that may sign in."""
        return self.settings["ADMIN_USER"], self.settings["ADMIN_PASSWORD"]

    def api(self, key: str | None = None) -> httpx.Client:
        """Return a client with an API key, by default the owner's."""
        return httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {key or self.settings['API_KEY']}"},
        )

    def signed_in(self) -> httpx.Client:
        """Return a client that has signed in as the owner."""
        return httpx.Client(base_url=self.url, auth=self.owner, timeout=30)

    def sql(self, query: str, database: str = "summaries") -> list[list[str]]:
        """Ask the database as its administrator."""
        answer = self.compose(
            "exec",
            "-T",
            "database",
            "psql",
            "-U",
            "root",
            "-d",
            database,
            "-Atc",
            query,
            "-F",
            "\t",
        ).stdout
        return [line.split("\t") for line in answer.splitlines()]

    def address(self, service: str) -> str:
        """Return the address by which this machine reaches a service's container."""
        networks = self.containers()[service][0]["NetworkSettings"]["Networks"]
        return next(
            network["IPAddress"]
            for name, network in networks.items()
            if name.endswith(f"_{service}")
        )


@contextmanager
def started(folder: Path, name: str, change: Callable[[Path], None] | None = None, **values):
    """Start a project of this name, changed as its owner might, with these values in .env."""
    project = bake(folder / "here", f"project_slug=slipway-{name}-{os.getpid()}")
    if change:
        change(project)
    ports = dict(zip(("GATEWAY_PORT", "LAB_PORT", "STORAGE_PORT"), free_ports(3), strict=True))
    settings = set_variables(project, **ports, **OF_FOUR_GB, **values)
    stack = Stack(project, settings)
    try:
        make_images_available(project)
        stack.compose("build", timeout=1800)
        begun = time.monotonic()
        stack.compose("up", "--detach", "--wait", "--wait-timeout", str(HEALTHY * 3))
        stack.seconds["healthy"] = time.monotonic() - begun
        stack.seconds["first answer"] = first_answer(stack)
        yield stack
    finally:
        log = stack.compose("logs", "--no-color", check=False).stdout
        ROOT.joinpath("stack.log" if name == "test" else f"stack-{name}.log").write_text(log)
        stack.compose(
            "--profile", "*", "down", "--volumes", "--remove-orphans", "--rmi", "local", check=False
        )


@cache
def missing_engine() -> str:
    """Return why no stack can be started here, or nothing if Docker and Compose answer."""
    if shutil.which("docker") is None:
        return "Docker is not installed"
    for question in (("docker", "info"), ("docker", "compose", "version")):
        try:
            answer = run(*question, timeout=ENGINE_ANSWERS)
        except subprocess.TimeoutExpired:
            return f"Docker has not answered within {ENGINE_ANSWERS} s"
        if answer.returncode:
            return f"`{shlex.join(question)}` fails"
    return ""


def run(*command: str, **how) -> subprocess.CompletedProcess:
    """Run a command with its output kept, errors among it."""
    if "input" not in how:
        how["stdin"] = subprocess.DEVNULL
    how = {"timeout": 900, "encoding": "utf-8"} | how
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **how)


def until(true, seconds: float, what: str):
    """Ask again until the answer is true, and return it; fail when the deadline has passed."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if answer := true():
                return answer
            problem = "it was not"
        except (AssertionError, OSError, httpx.HTTPError, KeyError) as error:
            problem = repr(error)
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s ({problem})"
        time.sleep(0.5)


def free_ports(number: int) -> list[int]:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def set_variables(project: Path, **values) -> dict[str, str]:
    """Edit .env as a person would, and return all that stands in it."""
    file = project / ".env"
    text = file.read_text()
    for name, value in values.items():
        text = re.sub(rf"^{name}=.*$", f"{name}={value}", text, flags=re.MULTILINE)
    file.write_text(text)
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE))


def make_images_available(project: Path):
    """Call IMAGES_COMMAND, which brings images where no registry is reached."""
    command = os.environ.get("IMAGES_COMMAND")
    if not command:
        return
    named = run(
        "docker", "compose", "--profile", "*", "config", "--images", cwd=project
    ).stdout.split()
    bases = [
        line.split()[1].removeprefix("${IMAGE_REGISTRY}")
        for file in project.glob("*/Dockerfile")
        for line in file.read_text().splitlines()
        if line.startswith("FROM")
    ]
    done = run(*shlex.split(command), *sorted({*named, *bases}), timeout=1800)
    assert done.returncode == 0, done.stdout


def first_answer(stack: Stack) -> float:
    """Return the seconds until the champion answers its own example."""
    started = time.monotonic()
    with stack.api() as api:
        card = until(
            lambda: api.get("/v1/model").raise_for_status().json(),
            FIRST_ANSWER * 3,
            "a first model",
        )
        for _ in range(10):  # any replica may answer, as soon as one of them has the model
            api.post("/v1/predict", json=card["example"]["question"]).raise_for_status()
    return time.monotonic() - started


def replicas(stack: Stack) -> list[str]:
    """Return the address of each replica."""
    addresses = [
        network["IPAddress"]
        for container in stack.containers()["prediction"]
        for name, network in container["NetworkSettings"]["Networks"].items()
        if name.endswith("_prediction")
    ]
    assert len(addresses) == 2
    return addresses


def models_of(addresses: list[str]) -> set[str]:
    """Return the versions that replicas answer with, each asked by itself."""
    return {httpx.get(f"http://{address}:8000/health").json()["model"] for address in addresses}


def firing(visitor) -> dict[str, dict]:
    """Return what Prometheus knows of each alert that fires, but the one that always does."""
    reply = visitor.get("/prometheus/api/v1/alerts").raise_for_status().json()
    return {
        alert["labels"]["alertname"]: alert
        for alert in reply["data"]["alerts"]
        if alert["state"] == "firing"
        and alert["labels"].get("kind") != "heartbeat"
        and "of" not in alert["labels"]  # what this machine has left is not the platform's affair
    }


def targets(visitor, uid: str):
    """Yield every panel of a board with its queries."""
    board = (
        visitor.get(f"/dashboard/api/dashboards/uid/{uid}").raise_for_status().json()["dashboard"]
    )
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield board, panel["title"], {"datasource": panel.get("datasource"), **target}


def without_data(visitor, queries) -> list[str]:
    """Return the titles of panels that are empty, but have no words (`noValue`) for that.

    Every query is run: one that fails is no empty panel.
    """
    empty = [(board, title) for board, title, target in queries if not rows(visitor, board, target)]
    return [
        title
        for board, title in empty
        for panel in board["panels"]
        if panel["title"] == title and "noValue" not in panel.get("fieldConfig", {})["defaults"]
    ]


def rows(visitor, board: dict, target: dict) -> int:
    """Count the values that a panel's query returns now."""
    frames = answered(visitor, board, target)
    return sum(len(f["data"]["values"][0]) for f in frames if f["data"]["values"])


def shown(visitor, board: dict, target: dict) -> list[dict]:
    """Return the rows that a panel's query returns now, each by its columns."""
    return [
        dict(zip((column["name"] for column in frame["schema"]["fields"]), row, strict=True))
        for frame in answered(visitor, board, target)
        for row in zip(*frame["data"]["values"], strict=True)
    ]


def with_all(board: dict, target: dict) -> dict:
    """Return a query with each of the board's variables on All, as a browser puts them in."""
    target = dict(target)
    for variable in board["templating"]["list"] if "rawSql" in target else []:
        place = "${" + variable["name"] + ":sqlstring}"
        target["rawSql"] = target["rawSql"].replace(place, variable["allValue"])
    return target


def answered(visitor, board: dict, target: dict) -> list[dict]:
    """Return the frames of a panel's query, as Grafana itself runs it when a board is opened."""
    query = {
        "queries": [with_all(board, target)],
        "from": board["time"]["from"],
        "to": board["time"]["to"],
    }
    reply = visitor.post(
        "/dashboard/api/ds/query", json=query, headers={"Origin": str(visitor.base_url).rstrip("/")}
    )
    assert reply.status_code == 200, reply.text
    return [frame for result in reply.json()["results"].values() for frame in result["frames"]]
