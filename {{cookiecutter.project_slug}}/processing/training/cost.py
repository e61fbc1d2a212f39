"""What a candidate costs: how many trainings, and how long the cores worked for it."""

import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from core.card import Cost

P = ParamSpec("P")
T = TypeVar("T")

_trainings = 0


def training(fit: Callable[P, T]) -> Callable[P, T]:
    """Count each call of a function that trains."""

    @wraps(fit)
    def counted(*args: P.args, **kwargs: P.kwargs) -> T:
        global _trainings
        _trainings += 1
        return fit(*args, **kwargs)

    return counted


def so_far() -> Cost:
    """Return what this process has cost since it began."""
    return {"trainings": _trainings, "core_seconds": time.process_time()}


def since(start: Cost) -> Cost:
    """Return what it has cost since then."""
    now = so_far()
    return {
        "trainings": now["trainings"] - start["trainings"],
        "core_seconds": round(now["core_seconds"] - start["core_seconds"], 1),
    }


def together(costs: list[Cost]) -> Cost:
    """Return the sum of some costs."""
    return {
        "trainings": sum(cost["trainings"] for cost in costs),
        "core_seconds": sum(cost["core_seconds"] for cost in costs),
    }
