"""The whole pipeline in this process: what `make local` does, without the orchestrator. `--again` goes on."""

import logging
import sys
import time
from contextlib import suppress

from core.registry import PromotionLost
from processing.steps import STEPS
from processing.work import work_to_do

log = logging.getLogger(__name__)

LOOK = 10
"""Seconds between two looks for something to do."""


def run() -> None:
    """Do every step in its order and say what came of it."""
    for name, step in STEPS.items():
        started = time.monotonic()
        try:
            result = step()
        except PromotionLost as lost:
            raise SystemExit(f"  {lost} The next run compares with that one.") from None
        facts = ", ".join(
            f"{fact.replace('_', ' ')}: {_short(value)}" for fact, value in result.items()
        )
        print(
            f"  {name.replace('_', ' '):<18}{time.monotonic() - started:5.1f} s   {facts}",
            flush=True,
        )


def again() -> None:
    """Run whenever there is something to do: a new file, or a cause to train. Each only once, also if it fails."""
    done = None
    while True:
        work, _ = work_to_do()
        if work not in (None, done):
            done = work
            try:
                print("\nThere is something new:", flush=True)
                run()
            except (Exception, SystemExit):
                log.exception("This run failed. What it left undone is done with the next file.")
        time.sleep(LOOK)


def _short(value) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="  %(message)s")
    if "--again" in sys.argv:
        with suppress(KeyboardInterrupt):
            again()
    else:
        run()
