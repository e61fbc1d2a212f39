"""When each stage of the pipeline last finished: alerts tell of what is overdue."""

from datetime import UTC, datetime
from itertools import filterfalse
from typing import Any

from core.database import summary_tables, upsert
from core.parts import is_departure, parts
from core.storage import bucket
from core.tables import TIME, column_statistics, months


def mark_stage(stage: str, **facts: Any) -> None:
    """Write into the table of stages, where there is one, that a stage has finished now."""
    with summary_tables() as cursor:
        if cursor:
            row = {"stage": stage, "finished": datetime.now(UTC)} | facts
            upsert(cursor, "stages", "stage", [row])


def write_stage(stage: str, run: str) -> None:
    """Mark a stage of a run as finished, and how new its newest event is."""
    mark_stage(stage, newest_event=_newest_event(), run=run)


def _newest_event() -> datetime | None:
    processed = bucket("processed")
    newest_month = months(processed)[-1:]
    listed = (part for month in newest_month for part in parts(processed, month))
    paths = filterfalse(is_departure, listed)
    statistics = (group for part in paths for group in column_statistics(processed, part, TIME))
    return max((group.max for group in statistics), default=None)
