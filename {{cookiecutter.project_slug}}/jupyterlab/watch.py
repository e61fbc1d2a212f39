"""Keep one notebook from ending the others: `python watch.py PID`, the process id of JupyterLab.

The container has one limit for all processes and one for all memory. Here each kernel or terminal,
with all that it started, is a group: the one that takes most is ended before the container is full.
"""

import logging
import os
import signal
import sys
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from core import logs

log = logging.getLogger("watch")

SECONDS = 0.2
SECONDS_WHERE_HALF_IS_HELD = 0.05
PAGE = os.sysconf("SC_PAGE_SIZE")
CONTROLS = Path("/sys/fs/cgroup")
LIMITS = ("pids.max", "pids/pids.max")
MEMORY = {
    "memory.max": ("memory.stat", {b"anon", b"shmem"}),
    "memory/memory.limit_in_bytes": ("memory/memory.stat", {b"total_rss", b"total_shmem"}),
}
"""Where Linux keeps a limit of memory, in version 2 and 1, and what of it nobody can give back."""

FOLDER = "/notebooks"
LEAST_FREE = 1 << 30
"""Bytes of disk: below, storage and database could soon write nothing any more."""

MOST_FILLED = 0.93
"""The share of memory above which programs would be read from the disk again and again."""

AT_REST, GROWING = 200, 700
"""What Linux is told of a group: where memory is lacking, it ends a process of the highest.
To the first, up to the second is added for growth, so that bytes of growth count twice."""

REMEMBERED = 0.9
"""The share of a group's growth that still counts at the next look."""

AT_ONCE = 16 << 20
"""Bytes of growth from which a group counts as one that grows."""

LEFT_BEHIND = 1
"""The group of what is still there when its kernel or terminal is not."""


@dataclass
class Group:
    """A kernel or terminal with all that it started: memory and what it wrote in bytes."""

    processes: set[int] = field(default_factory=set)
    tasks: int = 0
    memory: int = 0
    written: int = 0


def most_tasks() -> int:
    """Return how many processes and threads compose.yaml gives this container."""
    files = [CONTROLS / name for name in LIMITS]
    texts = [file.read_text().strip() for file in files if file.exists()]
    return next((int(text) for text in texts if text.isdigit()), 512)


def memory() -> tuple[int, int]:
    """Return the bytes that this container holds and can't give back, and those it may hold."""
    machine = os.sysconf("SC_PHYS_PAGES") * PAGE
    for limit, (stat, names) in MEMORY.items():
        if not (CONTROLS / limit).exists():
            continue
        lines = [line.split() for line in (CONTROLS / stat).read_bytes().splitlines()]
        text = (CONTROLS / limit).read_text().strip()
        allowed = min(int(text), machine) if text.isdigit() else machine
        return sum(int(number) for name, number in lines if name in names), allowed
    return 0, machine


def running() -> list[str]:
    return [name for name in os.listdir("/proc") if name.isdigit()]


def parents() -> dict[int, int]:
    """Return the parent of each process: as quickly as can be, because some multiply meanwhile."""
    found = {}
    for name in running():
        with suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:  # it may just have ended
            found[int(name)] = int(file.read().rpartition(b") ")[2].split(None, 2)[1])
    return found


def takings() -> dict[int, tuple[int, int, int]]:
    """Return threads, bytes of memory and bytes written of each process."""
    found = {}
    for name in running():
        try:
            words = Path(f"/proc/{name}/stat").read_bytes().rpartition(b") ")[2].split()
            written = Path(f"/proc/{name}/io").read_bytes().partition(b"\nwrite_bytes: ")[2].split()
            found[int(name)] = (int(words[17]), int(words[21]) * PAGE, int(written[0]))
        except (OSError, IndexError):
            continue  # it has just ended
    return found


def head(process: int, parent_of: dict[int, int], server: int) -> int | None:
    """Return the kernel or terminal that a process belongs to; None if it came from outside."""
    while process in parent_of:
        parent = parent_of[process]
        if parent == server:
            return process
        if parent == 1:
            return LEFT_BEHIND
        process = parent
    return None


def members(server: int) -> dict[int, set[int]]:
    """Return the processes of each kernel or terminal below JupyterLab, but not this program."""
    parent_of = parents()
    found: dict[int, set[int]] = defaultdict(set)
    for process in parent_of.keys() - {1, server, os.getpid()}:
        if name := head(process, parent_of, server):
            found[name].add(process)
    return found


def groups(server: int) -> dict[int, Group]:
    """Return what each kernel or terminal takes."""
    taken = takings()
    return {
        name: Group(
            processes,
            *(sum(taken[one][place] for one in processes & taken.keys()) for place in range(3)),
        )
        for name, processes in members(server).items()
    }


def end(server: int, name: int, why: str) -> None:
    """End a group. First all of it stands still: what multiplies would outlive its end."""
    still: set[int] = set()
    while new := members(server).get(name, set()) - still:
        send(signal.SIGSTOP, new)
        still |= new
    send(signal.SIGKILL, still)
    log.warning("A notebook's kernel or terminal was ended: %s.", why)


def send(number: signal.Signals, receivers: set[int]) -> None:
    for process in receivers:
        with suppress(ProcessLookupError):
            os.kill(process, number)


class Watch:
    """Looks at all groups, and remembers how they grew."""

    def __init__(self, server: int):
        self.server = server
        self.allowed = most_tasks()
        self.before: dict[int, Group] = {}
        self.growth: dict[int, float] = {}
        self.scores: dict[int, int] = {}

    def look(self) -> float:
        """End whoever takes too much, and return in how many seconds to look again."""
        before, allowed = memory()
        found = groups(self.server)
        held = min(before, memory()[0])
        if LEFT_BEHIND in found:
            end(self.server, LEFT_BEHIND, "it had left its processes behind")
            del found[LEFT_BEHIND]
        if found:
            self.measure_growth(found)
            self.tell_linux_whom_to_end(found, allowed)
            # Where Linux has just ended a group, what is left holds less than it seems.
            is_held_here = sum(group.memory for group in found.values()) > held / 2
            if held > MOST_FILLED * allowed and is_held_here:
                self.free_memory(found, allowed)
            self.bound_tasks(found)
            self.bound_disk(found)
        self.before = found
        return SECONDS_WHERE_HALF_IS_HELD if held > allowed / 2 else SECONDS

    def measure_growth(self, found: dict[int, Group]) -> None:
        """Add to what is remembered of each group's growth by how much it has grown."""
        grown = {
            name: max(0, group.memory - self.before.get(name, Group()).memory)
            for name, group in found.items()
        }
        self.growth = {name: grown[name] + REMEMBERED * self.growth.get(name, 0) for name in found}

    def tell_linux_whom_to_end(self, found: dict[int, Group], allowed: int) -> None:
        """Let a sudden lack of memory end a group that grows, not the largest process at rest."""
        scores = {
            name: AT_REST + min(GROWING, round(1000 * self.growth[name] / allowed))
            for name in found
        }
        for name, group in found.items():
            score = scores[name]
            for process in group.processes:
                if self.scores.get(process) != score:
                    with suppress(OSError):  # it has just ended
                        Path(f"/proc/{process}/oom_score_adj").write_text(str(score))
        self.scores = {
            process: scores[name] for name, group in found.items() for process in group.processes
        }

    def free_memory(self, found: dict[int, Group], allowed: int) -> None:
        """End the group that grows most, or else the largest."""
        growing = {name: growth for name, growth in self.growth.items() if growth >= AT_ONCE}
        sizes = {name: group.memory for name, group in found.items()}
        name = max(found, key=lambda one: (growing.get(one, 0), sizes[one]))
        why = f"memory was almost full, and it held {sizes[name] >> 20} of {allowed >> 20} MB"
        end(self.server, name, why)

    def bound_tasks(self, found: dict[int, Group]) -> None:
        """End the group with most processes and threads, if it has half of all or few are left."""
        name, group = max(found.items(), key=lambda item: item[1].tasks)
        total = sum(one.tasks for one in found.values())
        if group.tasks > self.allowed / 2 or total > self.allowed * 0.9:
            why = f"it had {group.tasks} of {self.allowed} processes and threads"
            end(self.server, name, why)

    def bound_disk(self, found: dict[int, Group]) -> None:
        """End the group that writes most, if the disk is almost full."""
        disk = os.statvfs(FOLDER)
        if disk.f_bavail * disk.f_frsize >= LEAST_FREE:
            return
        wrote = {
            name: group.written - self.before.get(name, group).written
            for name, group in found.items()
        }
        name = max(wrote, key=lambda one: wrote[one])
        if wrote[name] > 0:
            end(self.server, name, "the disk is almost full, and it wrote most")


def main() -> None:
    logs.set_up()
    watch = Watch(int(sys.argv[1]))
    while True:
        time.sleep(watch.look())


if __name__ == "__main__":
    main()
