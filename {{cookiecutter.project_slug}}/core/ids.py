"""Ids of answers: UUIDs of version 7. They begin with the time, so an id says where to look."""

import secrets
import time
import uuid
from datetime import UTC, datetime

VERSION, VARIANT = 7, 0b10
"""As RFC 9562 wants them in the bits 76 to 79 and 62 to 63."""


def new_id() -> str:
    """Return a fresh id."""
    milliseconds = time.time_ns() // 1_000_000
    fixed = milliseconds << 80 | VERSION << 76 | VARIANT << 62
    number = fixed | secrets.randbits(12) << 64 | secrets.randbits(62)
    return str(uuid.UUID(int=number))


def time_of(text: str) -> datetime | None:
    """Return when an id was made, to the millisecond, or None if it is none of ours."""
    try:
        made = uuid.UUID(text)
        time = datetime.fromtimestamp((made.int >> 80) / 1000, UTC)
        # In the last year of the calendar nothing can be added to a time.
        return time if made.version == 7 and time.year < datetime.max.year else None
    except (ValueError, OverflowError, OSError):  # no UUID, or a time beyond the calendar
        return None
