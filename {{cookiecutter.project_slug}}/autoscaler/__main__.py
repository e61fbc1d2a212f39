"""Look at the replicas every two seconds, and start or stop some: `python -m autoscaler`."""

import logging
import os
import time

from autoscaler.changes import Changes
from autoscaler.containers import Refused, listed
from autoscaler.decision import Decider
from autoscaler.gauges import Gauges
from autoscaler.load import Loads
from autoscaler.metrics import Metrics
from core import logs

TICK = 2.0
"""Seconds between two looks."""

log = logging.getLogger("autoscaler")


class Autoscaler:
    """Compares, at each look, what runs with what the load needs."""

    def __init__(self, least: int, most: int, metrics: Metrics):
        self.gauges, self.loads, self.decider = Gauges(), Loads(), Decider(least, most)
        self.changes = Changes(metrics.changes)
        self.metrics = metrics
        self.ran: set[str] | None = None

    def look(self) -> None:
        """Look once, and begin what is to be changed. Raise OSError or Refused if it can't."""
        replicas = self.changes.expected(listed())
        running = sum(one.well for one in replicas)
        names = {one.name for one in replicas if one.running}
        if self.ran is not None and names - self.ran:
            self.decider.forget()  # somebody else starts replicas, and may be waiting for them
        now = time.monotonic()
        load = self.loads.total(now, self.gauges.read())
        decision = self.decider.decide(now, running, load)
        self.metrics.show(decision, running)
        self.ran = names | self.changes.begin(replicas, decision)


def main() -> None:
    logs.set_up()
    least, most = int(os.environ["REPLICAS_MIN"]), int(os.environ["REPLICAS_MAX"])
    log.info("From %s to %s replicas run, as many as the load needs.", least, most)
    metrics = Metrics(least, most)
    metrics.serve(os.environ["LISTEN"])
    autoscaler, problem = Autoscaler(least, most, metrics), ""
    while True:
        begun = time.monotonic()
        try:
            autoscaler.look()
            problem = ""
        except (OSError, Refused, ValueError) as error:
            if str(error) != problem:  # once, not every two seconds
                log.warning("Docker can't be asked, so nothing is changed: %s", error)
            problem = str(error)
        time.sleep(max(0.0, begun + TICK - time.monotonic()))


if __name__ == "__main__":
    main()
