"""A part of a run that may fail without stopping the others."""

from collections.abc import Callable, Mapping
from typing import Any

from core.quarantine import Quarantine
from core.storage import bucket

Facts = dict[str, Any]
"""What came of a part, as people read it."""


def attempt(name: str, act: Callable[[], Mapping[str, Any] | None]) -> Facts:
    """Do a part of a run. Returns what came of it, or the `problem` if it failed.

    What another attempt may cure is raised: storage away, a full disk, a lost promotion.
    """
    steps = Quarantine(bucket("processed"), "steps")
    with steps.catching(name):
        facts = dict(act() or {})
        steps.release(name)
        return facts
    return {"problem": steps.reasons[name]}
