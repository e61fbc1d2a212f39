"""What a prediction is known by: UUIDs of version 7, which begin with the time, so that an id says where to look."""

import secrets
import time
import uuid
from datetime import UTC, datetime


def new_id() -> str:
    """A fresh id."""
    milliseconds = time.time_ns() // 1_000_000
    number = (
        milliseconds << 80
        | 7 << 76
        | secrets.randbits(12) << 64
        | 0b10 << 62
        | secrets.randbits(62)
    )
    return str(uuid.UUID(int=number))


def time_of(text: str) -> datetime | None:
    """When an id was made, to the millisecond; None if it is none of ours."""
    made = uuid.UUID(text)
    return datetime.fromtimestamp((made.int >> 80) / 1000, UTC) if made.version == 7 else None
