"""How many replicas the load needs, as Knative decides it. It knows no clock and no network.

Averages over a long window decide; where the short one shows twice what the replicas were made for,
it decides alone, and no replica is taken away until that is a long window ago.
"""

import math
from collections import deque
from dataclasses import dataclass

TARGET = 0.7
"""Requests at a time that one replica should have; it can do one."""

STABLE, PANIC = 60.0, 6.0
"""Seconds of the long and the short window."""

PANIC_FROM = 2.0
"""The short window decides from here on: so many times the replicas that there are."""

DOWN = 2.0
"""At most this part of the replicas is taken away in one decision."""

GAP = 5.0
"""Seconds that one measurement stands for at most, if the next one is late or missing."""

DELAY = 20.0
"""Seconds for which fewer must have been enough before one is taken away."""

ENOUGH = 0.8
"""The part of the long window that must be known."""


@dataclass(frozen=True)
class Decision:
    """How many replicas should run, and the averages it was made by."""

    replicas: int
    stable: float
    panic: float
    panicking: bool

    def why(self) -> str:
        """Return the reason in words."""
        state = "; a burst" if self.panicking else ""
        return (
            f"{self.panic:.1f} requests at a time in the last {PANIC:.0f} s, "
            f"{self.stable:.1f} in the last {STABLE:.0f} s{state}"
        )


class Decider:
    """Is told the load every few seconds, and remembers a window of it."""

    def __init__(self, least: int, most: int):
        self.least = least
        self.most = most
        self.measured: deque[tuple[float, float, float]] = deque()
        """The time of each measurement, the seconds it stands for, and the load."""
        self.wanted: deque[tuple[float, int]] = deque()
        self.burst_seen = -math.inf
        self.most_in_burst = 0

    def decide(self, now: float, ready: int, load: float | None) -> Decision:
        """Return how many of the replicas, of which so many are ready, should run from now on.

        `load` is the number of requests at a time over all of them, or None if nobody knows.
        """
        self.remember(now, load)
        stable, panic = self.average(now, STABLE), self.average(now, PANIC)
        if stable is None or panic is None:
            return Decision(self.within(ready), stable or 0.0, panic or 0.0, self.panicking(now))
        if math.ceil(panic / TARGET) >= PANIC_FROM * max(1, ready):
            self.burst_seen = now
        if self.panicking(now):
            self.most_in_burst = max(self.most_in_burst, self.for_load(panic, ready), ready)
            replicas = self.most_in_burst
        else:
            self.most_in_burst = 0
            replicas = self.for_load(stable, ready)
        if not self.window_is_full():
            replicas = max(replicas, ready)
        replicas = self.most_lately(now, self.within(replicas))
        return Decision(replicas, stable, panic, self.panicking(now))

    def forget(self) -> None:
        """Begin a new window, so that nothing is taken away until most of it is known."""
        self.measured.clear()

    def most_lately(self, now: float, replicas: int) -> int:
        """Return the most that was wanted during the last seconds, this number among them."""
        self.wanted.append((now, replicas))
        while self.wanted[0][0] <= now - DELAY:
            self.wanted.popleft()
        return max(number for _, number in self.wanted)

    def remember(self, now: float, load: float | None) -> None:
        """Keep a measurement, and forget those that no window reaches any more."""
        before = self.measured[-1][0] if self.measured else now - 1
        if load is not None:
            self.measured.append((now, min(now - before, GAP), load))
        while self.measured and self.measured[0][0] <= now - STABLE:
            self.measured.popleft()

    def average(self, now: float, window: float) -> float | None:
        """Return the average load of the last seconds, or None if nothing of them is known."""
        recent = [(span, load) for time, span, load in self.measured if time > now - window]
        spans = sum(span for span, _ in recent)
        return sum(span * load for span, load in recent) / spans if spans else None

    def for_load(self, load: float, ready: int) -> int:
        """Return the replicas for this load, but no less than what one decision may leave."""
        return max(math.ceil(load / TARGET), math.floor(ready / DOWN))

    def panicking(self, now: float) -> bool:
        """Return whether the last burst is less than a long window ago."""
        return now - self.burst_seen < STABLE

    def window_is_full(self) -> bool:
        """Return whether most of the long window is known: otherwise nothing is taken away."""
        return sum(span for _, span, _ in self.measured) >= ENOUGH * STABLE

    def within(self, replicas: int) -> int:
        """Return the number between the least and the most."""
        return min(max(replicas, self.least), self.most)
