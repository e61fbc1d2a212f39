"""The whole pipeline in this process: what `make local` does, without the orchestrator."""

import logging
import time

from core.registry import PromotionLost
from processing.steps import STEPS


def run() -> None:
    """Do every step in its order and say what came of it."""
    for name, step in STEPS.items():
        started = time.monotonic()
        try:
            result = step()
        except PromotionLost as lost:
            raise SystemExit(f"  {lost} The next run compares with that one.") from None
        facts = ", ".join(f"{fact.replace('_', ' ')}: {_short(value)}" for fact, value in result.items())
        print(f"  {name.replace('_', ' '):<18}{time.monotonic() - started:5.1f} s   {facts}", flush=True)


def _short(value) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="  %(message)s")
    run()
