"""The load of each replica, from its own counters. It knows no clock and no network."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

COUNTERS = ("work_seconds_total", "process_cpu_seconds_total")
"""Seconds of all requests, waiting or at work; seconds of processors."""

LIKELY = 1000.0
"""Requests that one replica can have at a time at most; it refuses the rest. More is no truth."""

KEPT = 6.0
"""Seconds for which the last load of a replica counts that does not answer."""

SAMPLE = re.compile(rf"^({'|'.join(COUNTERS)}) (\S+)$", re.MULTILINE)


def counters(text: str) -> dict[str, float]:
    """Return the counters in what a replica answers at /metrics. Raise ValueError if one lacks."""
    found = {name: float(value) for name, value in SAMPLE.findall(text)}
    if found.keys() != set(COUNTERS):
        raise ValueError("not a replica's metrics")
    return found


@dataclass
class Seen:
    """What is known of one replica."""

    time: float
    counters: Mapping[str, float]
    load: float | None = None


class Loads:
    """Remembers the counters of each replica."""

    def __init__(self):
        self.replicas: dict[str, Seen] = {}

    def total(self, now: float, answers: Mapping[str, Mapping[str, float]]) -> float | None:
        """Return the requests at a time over all replicas, or None if no replica's load is known.

        `answers` holds the counters of those that answered, by address.
        """
        for address, read in answers.items():
            before = self.replicas.get(address)
            self.replicas[address] = Seen(now, read, before and load_between(before, now, read))
        fresh = {a: seen for a, seen in self.replicas.items() if now - seen.time < KEPT}
        self.replicas = fresh
        known = [seen.load for seen in fresh.values() if seen.load is not None]
        return sum(known) if known else None


def load_between(before: Seen, now: float, read: Mapping[str, float]) -> float | None:
    """Return the load since the last look, or None if that can't be: it started anew, or it lies.

    Quick answers are never seen waiting, but use the processor; slow ones may use little of it.
    """
    seconds = now - before.time
    if seconds <= 0:
        return before.load
    rates = [(read[name] - before.counters[name]) / seconds for name in COUNTERS]
    likely = all(math.isfinite(rate) and 0 <= rate <= LIKELY for rate in rates)
    return max(rates) if likely else None
