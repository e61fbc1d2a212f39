"""When each stage of the pipeline last finished: alerts tell of what is overdue."""

from contextlib import closing
from datetime import UTC, datetime

from core.database import connect, upsert
from core.storage import bucket
from core.tables import TIME, column_facts, months, parts


def mark_stage(stage: str, **facts) -> None:
    """Say in the table of stages, where there is one, that a stage has finished now: alerts tell of what is overdue."""
    connection = connect()
    if connection is not None:
        with closing(connection), connection, connection.cursor() as cursor:
            upsert(
                cursor, "stages", "stage", [{"stage": stage, "finished": datetime.now(UTC)} | facts]
            )


def write_stage(stage: str, run: str) -> None:
    """Say that a stage of the pipeline has finished now, and how new its newest event is."""
    mark_stage(stage, newest_event=_newest_event(), run=run)


def _newest_event() -> datetime | None:
    processed = bucket("processed")
    newest_months = months(processed)[-1:]
    listed = [part for month in newest_months for part in parts(processed, month)]
    return max(
        (group.max for part in listed for group in column_facts(processed, part, TIME)),
        default=None,
    )
