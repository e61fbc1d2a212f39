"""The whole pipeline in this process, without the orchestrator. `--again` repeats it."""

import logging
import sys
import time
from contextlib import suppress

from core.registry import PromotionLost
from processing.steps import Facts, run_steps
from processing.work import work_to_do

log = logging.getLogger(__name__)

INTERVAL = 10
"""Seconds between two looks for something to do."""


def run() -> None:
    """Do every step in its order and print what came of it."""
    start = time.monotonic()
    try:
        for name, facts in run_steps():
            _show(name, time.monotonic() - start, facts)
            start = time.monotonic()
    except PromotionLost as lost:
        raise SystemExit(f"  {lost} The next run compares with that one.") from None


def run_again() -> None:
    """Run whenever there is work to do. The same work is done once, also if it fails."""
    last = None
    while True:
        work = work_to_do()
        if work and work.name != last:
            last = work.name
            try:
                print("\nThere is something new:", flush=True)
                run()
            except (Exception, SystemExit):
                log.exception("This run failed. What it left undone is done with the next file.")
        time.sleep(INTERVAL)


def _show(name: str, seconds: float, facts: Facts) -> None:
    shown = ", ".join(f"{fact.replace('_', ' ')}: {_short(value)}" for fact, value in facts.items())
    print(f"  {name.replace('_', ' '):<18}{seconds:5.1f} s   {shown}", flush=True)


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="  %(message)s")
    if "--again" in sys.argv:
        with suppress(KeyboardInterrupt):
            run_again()
    else:
        run()
