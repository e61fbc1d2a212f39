"""Starts and stops replicas aside: a stop takes as long as the replica has something to finish."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from autoscaler.containers import Container, Refused, start, stop, to_start, to_stop
from autoscaler.decision import Decision

MOST_AT_ONCE = 16

PAUSE = 30.0
"""Seconds until a replica that could not be started or stopped is tried again."""

log = logging.getLogger("autoscaler")


@dataclass
class Change:
    """A change that is under way, or that failed and is not tried again before a time."""

    starts: bool
    until: float = float("inf")


class Changes:
    """Begins changes, and knows which are under way."""

    def __init__(self, counts: dict[str, int]):
        self.counts = counts
        self.threads = ThreadPoolExecutor(MOST_AT_ONCE)
        self.underway: dict[str, Change] = {}

    def expected(self, replicas: list[Container]) -> list[Container]:
        """Return the replicas as they will be: those that stop, or can't be changed, are none."""
        now = time.monotonic()
        self.underway = {n: change for n, change in self.underway.items() if change.until > now}
        starting = {name for name, change in self.underway.items() if change.starts}
        there = [one for one in replicas if one.name not in self.underway.keys() - starting]
        return [Container(o.name, True, True) if o.name in starting else o for o in there]

    def begin(self, replicas: list[Container], decision: Decision) -> set[str]:
        """Start what is missing, or stop one that is too many. Return the names of the started."""
        missing = to_start(replicas, decision.replicas)
        for one in missing:
            self.change(one, True, decision)
        for one in to_stop(replicas, decision.replicas):
            self.change(one, False, decision)
        return {one.name for one in missing}

    def change(self, one: Container, starts: bool, decision: Decision) -> None:
        """Begin one change, and log it with its reason."""
        word = "start" if starts else "stop"
        self.counts[word] += 1
        log.info("%s %s: %s wanted; %s.", word, one.name, decision.replicas, decision.why())
        self.underway[one.name] = change = Change(starts)
        self.threads.submit(self.finish, one, change)

    def finish(self, one: Container, change: Change) -> None:
        """Wait for the end of a change."""
        try:
            (start if change.starts else stop)(one)
            change.until = 0.0
        except (OSError, Refused) as error:
            log.warning("%s could not be changed: %s", one.name, error)
            change.starts, change.until = False, time.monotonic() + PAUSE
