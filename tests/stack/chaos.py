"""What is done to each part while questions come in, and what became of the questions.

As root on the machine that runs the containers: a process is ended from outside, because after
`docker kill` an Engine does not start it again.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from load import Reply, failed
from running import Stack, missing_engine, run, until

AWAY = 10
"""Seconds for which a part is paused or cut off."""

WELL_WITHIN = 120
"""Promised seconds from the end of what was done until all parts are healthy by themselves."""

ENGINE = Path("/var/run/docker.pid")


@dataclass
class Row:
    """What was done, the questions meanwhile, and how long until all was well."""

    part: str
    deed: str
    asked: int
    failed: int
    slowest: float
    well_after: float

    def __str__(self) -> str:
        return (
            f"{self.part:<20} {self.deed:<12} {self.failed} of {self.asked} failed, slowest "
            f"{self.slowest:.1f} s, well after {self.well_after:.0f} s"
        )


def end_process(containers: list[dict]) -> None:
    """End the first process of one container, as a lack of memory does."""
    os.kill(containers[0]["State"]["Pid"], signal.SIGKILL)


def restart(containers: list[dict]) -> None:
    """Restart one container in order."""
    run("docker", "restart", containers[0]["Id"])


def pause(containers: list[dict]) -> None:
    """Let all processes of one container stand still for a while."""
    run("docker", "pause", containers[0]["Id"])
    time.sleep(AWAY)
    run("docker", "unpause", containers[0]["Id"])


def cut_off(containers: list[dict]) -> None:
    """Take one container from its networks for a while."""
    container = containers[0]["Id"]
    networks = containers[0]["NetworkSettings"]["Networks"]
    for name in networks:
        run("docker", "network", "disconnect", name, container)
    time.sleep(AWAY)
    for name, network in networks.items():
        aliases = [word for alias in network["Aliases"] or [] for word in ("--alias", alias)]
        address = ["--ip", network["IPAddress"]]
        joined = run("docker", "network", "connect", *aliases, *address, name, container)
        assert joined.returncode == 0, joined.stdout


DEEDS: dict[str, Callable[[list[dict]], None]] = {
    "killed": end_process,
    "restarted": restart,
    f"paused {AWAY} s": pause,
    f"cut off {AWAY} s": cut_off,
}


def is_well(stack: Stack) -> bool:
    """Return whether each container that should run does, and is healthy where that is checked."""
    states = [one["State"] for many in stack.containers().values() for one in many]
    is_up = [
        state["Running"] and state.get("Health", {}).get("Status", "healthy") == "healthy"
        for state in states
        if state["ExitCode"] or state["Running"]
    ]
    answers = run("curl", "-sS", "-m", "5", "-o", os.devnull, "-w", "%{http_code}", stack.url)
    return all(is_up) and answers.stdout == "401"


@contextmanager
def observed(stack: Stack, replies: list[Reply], part: str, deed: str) -> Iterator[list[Row]]:
    """Yield a list that afterwards holds the row of what was done in the block."""
    rows: list[Row] = []
    time.sleep(2)
    before = len(replies)
    yield rows
    done = time.monotonic()
    until(lambda: is_well(stack), WELL_WITHIN * 3, f"all is well after {part} was {deed}")
    well_after = time.monotonic() - done
    time.sleep(2)
    meanwhile = replies[before:]
    slowest = max((reply.took for reply in meanwhile), default=0.0)
    rows.append(Row(part, deed, len(meanwhile), len(failed(meanwhile)), slowest, well_after))
    print(f"  {rows[0]}", flush=True)


class Engine:
    """Docker's daemon on this machine, ended and started by its process id.

    Where systemd looks after it, systemd starts it again.
    """

    def __init__(self):
        self.process = int(ENGINE.read_text())
        words = Path(f"/proc/{self.process}/cmdline").read_text().split("\0")
        self.command = [word for word in words if word]

    def restart(self, number: signal.Signals) -> None:
        """End it by a signal and start it again."""
        os.kill(self.process, number)
        until(lambda: not Path(f"/proc/{self.process}").exists(), 120, "the daemon has ended")
        self.start()

    def start(self) -> None:
        """Start it, unless it starts by itself, and wait until it answers."""
        if not Path("/run/systemd/system").exists():
            with suppress(FileNotFoundError):
                ENGINE.unlink()
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            subprocess.Popen(self.command, start_new_session=True, **quiet)
        missing_engine.cache_clear()
        until(lambda: run("docker", "info").returncode == 0, 120, "the daemon answers")

    def lose_power(self, stack: Stack) -> None:
        """End every process of the stack and the daemon at once, and start the daemon."""
        containers = [one for many in stack.containers().values() for one in many]
        os.kill(self.process, signal.SIGKILL)
        for one in containers:
            with suppress(ProcessLookupError):
                if one["State"]["Pid"]:
                    os.kill(one["State"]["Pid"], signal.SIGKILL)
        until(lambda: not Path(f"/proc/{self.process}").exists(), 60, "the daemon has ended")
        self.start()


PAGE = """# What happens when a part fails

While {a_second} questions a second come in, each part in turn is ended as by a lack of memory,
restarted, paused, and taken from its networks; then Docker's daemon is restarted; at last
everything is ended at once, as when a VM loses power. Nobody helps: in every row all parts were
healthy again by themselves, and every answer that anybody was given is in the bucket `predictions`
exactly once. Written by the template's `make soak`.

A cell says how many questions failed (none where it says none), the slowest of the others where
that was over a second, and after how many seconds all parts were healthy; a health check that
looks every few seconds is part of that.

| part | {deeds} |
|---|{lines}|
{rows}

| the machine | questions that failed | all healthy after |
|---|---|---|
{machine}
"""


def cell(row: Row) -> str:
    """Return what the page says of a row."""
    slow = f", slowest {row.slowest:.0f} s" if row.slowest > 1 else ""
    return f"{row.failed or 'none'} failed{slow}; {row.well_after:.0f} s"


def page(rows: list[Row], machine: list[Row], a_second: int) -> str:
    """Return the page of a project's docs."""
    parts = {row.part: {} for row in rows}
    for row in rows:
        parts[row.part][row.deed] = cell(row)
    lines = [
        f"| {part} | " + " | ".join(cells[deed] for deed in DEEDS) + " |"
        for part, cells in parts.items()
    ]
    of_machine = [
        f"| {row.part} {row.deed} | {row.failed} of {row.asked} | {row.well_after:.0f} s |"
        for row in machine
    ]
    return PAGE.format(
        a_second=a_second,
        deeds=" | ".join(DEEDS),
        lines="---|" * (len(DEEDS) - 1) + "---",
        rows="\n".join(lines),
        machine="\n".join(of_machine),
    )
