"""Ids of answers: UUIDs of version 7. They begin with the time, so an id says where to look."""

import os
import time
import uuid
from datetime import UTC, datetime

VERSION, VARIANTS = 7, "89ab"
"""As RFC 9562 wants them: the digit 13, and what the digit 17 may be."""

DIGITS = 20
"""How many digits to the base 16 are drawn at random for an id."""


def new_ids(number: int) -> list[str]:
    """Return so many fresh ids; together they cost little more than one."""
    now = f"{time.time_ns() // 1_000_000:012x}"
    head = f"{now[:8]}-{now[8:]}-{VERSION}"
    drawn = os.urandom(number * DIGITS // 2).hex()
    return [_id(head, drawn[at : at + DIGITS]) for at in range(0, len(drawn), DIGITS)]


def new_id() -> str:
    """Return a fresh id."""
    return new_ids(1)[0]


def _id(head: str, drawn: str) -> str:
    variant = VARIANTS[int(drawn[3], 16) % len(VARIANTS)]
    return f"{head}{drawn[:3]}-{variant}{drawn[4:7]}-{drawn[7:19]}"


def time_of(text: str) -> datetime | None:
    """Return when an id was made, to the millisecond, or None if it is none of ours."""
    try:
        made = uuid.UUID(text)
        time = datetime.fromtimestamp((made.int >> 80) / 1000, UTC)
        # In the last year of the calendar nothing can be added to a time.
        return time if made.version == 7 and time.year < datetime.max.year else None
    except (ValueError, OverflowError, OSError):  # no UUID, or a time beyond the calendar
        return None
