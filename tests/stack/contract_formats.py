"""Values of formats that JSON Schema does not know; SCHEMATHESIS_HOOKS names this module."""

from datetime import datetime

import schemathesis
from hypothesis import strategies

TIMES = strategies.datetimes(datetime(1990, 1, 1), datetime(2099, 12, 31))
"""Within the bounds of the example; JSON Schema has no words for those of a time."""

schemathesis.openapi.format(
    "date-time-local", TIMES.map(lambda time: time.isoformat(timespec="seconds"))
)
