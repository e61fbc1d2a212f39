"""Measure how fast one process answers, in turns with an app that does nothing on its server.

The load comes from wrk, which must be installed.
"""

import json
import os
import socket
import statistics
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from running import free_ports, until

from bench.pipeline import IN_PROJECT, named, ready, run

CONNECTIONS = (1, 16, 64)
ROUNDS = 5
WARM_UP, SECONDS = 1, 2
ROWS = 1000
"""Of a batch: as many as one request may have."""


def measure() -> dict:
    """Return requests a second and delays by connections, and a batch beside the model alone."""
    with ready() as (project, folder):
        run(project, folder, "whole_run.py")
        batch = run(project, folder, "many_rows.py", ROWS, folder)
        return one_by_one(project, folder) | named(f"batch_of_{ROWS}", rounded(batch))


def one_by_one(project: Path, folder: Path) -> dict:
    """Ask with one question a request."""
    made = run(project, folder, "key_and_question.py", ACCESS_FOLDER=folder / "access")
    body = folder / "question.json"
    body.write_text(json.dumps(made["question"]))
    nothing, ours = free_ports(2)
    with (
        served(project, folder, nothing, IN_PROJECT / "nothing.py", nothing),
        served(project, folder, ours, "-m", "prediction"),
    ):
        rounds = [
            {
                count: [load(port, count, made["key"], body) for port in (nothing, ours)]
                for count in CONNECTIONS
            }
            for _ in range(ROUNDS)
        ]
    return {
        name: value
        for count in CONNECTIONS
        for name, value in compared([one[count] for one in rounds], count).items()
    }


def compared(pairs: list[list[dict]], connections: int) -> dict:
    """Return medians of the no-op and of ours, and the share with its range."""
    nothing, ours = zip(*pairs, strict=True)
    shares = [mine["a_second"] / least["a_second"] for least, mine in pairs]
    assert not sum(answer["failed"] for answer in ours)
    return named(
        f"{connections}_connections",
        rounded(
            named("nothing", medians(nothing))
            | medians(ours)
            | {"share": statistics.median(shares), "least": min(shares), "most": max(shares)}
        ),
    )


def medians(answers: list[dict]) -> dict:
    """Return the median of each figure."""
    figures = ("a_second", "p50_ms", "p99_ms")
    return {name: statistics.median(one[name] for one in answers) for name in figures}


def rounded(figures: dict) -> dict:
    """Return figures with as many digits as they are worth."""
    return {name: float(f"{value:.3g}") for name, value in figures.items()}


def load(port: int, connections: int, key: str, body: Path) -> dict:
    """Ask for a while, after a moment to warm up; return what wrk counted."""
    for seconds in (WARM_UP, SECONDS):
        done = subprocess.run(
            [
                "wrk",
                "-t1",
                f"-c{connections}",
                f"-d{seconds}",
                "-s",
                IN_PROJECT / "ask.lua",
                f"http://127.0.0.1:{port}/v1/predict",
                "--",
                key,
                body,
            ],
            check=True,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
    return json.loads(done.stdout.splitlines()[-1])


@contextmanager
def served(project: Path, folder: Path, port: int, *words) -> Iterator[None]:
    """Run a server with the project's Python during the block."""
    settings = {
        "PYTHONPATH": str(project),
        "STORAGE_URL": (folder / "buckets").as_uri(),
        "JOURNAL_FOLDER": str(folder / "journal"),
        "ACCESS_FOLDER": str(folder / "access"),
        "LISTEN": "127.0.0.1",
        "PORT": str(port),
        "OMP_NUM_THREADS": "1",
    }
    command = [project / ".venv" / "bin" / "python", *map(str, words)]
    server = subprocess.Popen(
        command, cwd=project, env=os.environ | settings, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: listens(port), 60, "the server listens")
        yield
    finally:
        server.terminate()
        server.wait()


def listens(port: int) -> bool:
    """Return that somebody listens. Raises ConnectionError if nobody does."""
    socket.create_connection(("127.0.0.1", port)).close()
    return True
