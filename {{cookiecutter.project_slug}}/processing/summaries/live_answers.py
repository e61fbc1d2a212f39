"""Answers that were given, by day and hour of their event, in the summary tables."""

import json
from collections import defaultdict
from contextlib import closing
from datetime import UTC, datetime, timedelta

from core.database import connect, upsert
from core.schema import CLASS_NAMES, CLASSES, HAS_MEAN
from core.storage import bucket, read
from model.schema import EVENT_TIME

HOURS = 26
"""How far back to look for answers; prediction keeps them on disk while storage is away."""


def write_live() -> dict:
    """Count the stored answers of the last HOURS that are not in the tables yet."""
    connection = connect()
    if connection is None:
        return {}
    with closing(connection), connection, connection.cursor() as cursor:
        first = f"live/{_hours()[0]}"
        cursor.execute(
            "SELECT DISTINCT object FROM predictions WHERE object >= %s AND kind = 'live'", [first]
        )
        known = {name for (name,) in cursor.fetchall()}
        there = [item["path"] for item in _stored("live")]
        new = [name for name in there if name not in known]
        rows = [row for name in new for row in _live(name)]
        return {
            "objects": len(new),
            "rows": upsert(cursor, "predictions", "object, model, day, hour", rows),
        }


def newest_object() -> datetime | None:
    """When the newest answer or reported outcome of the last HOURS was stored."""
    return max(
        (item["last_modified"] for kind in ("live", "outcomes") for item in _stored(kind)),
        default=None,
    )


def _stored(kind: str) -> list[dict]:
    predictions = bucket("predictions")
    return [
        item for hour in _hours() for batch in predictions.list(f"{kind}/{hour}") for item in batch
    ]


def _hours() -> list[str]:
    now = datetime.now(UTC)
    return [f"{now - timedelta(hours=ago):%Y/%m/%d/%H}" for ago in reversed(range(HOURS))]


def _live(name: str) -> list[dict]:
    totals = defaultdict(lambda: [0, 0.0])
    for line in read(bucket("predictions"), name).splitlines():
        answer = json.loads(line)
        when = datetime.fromisoformat(
            answer["question"][EVENT_TIME] if EVENT_TIME else answer["time"]
        )
        total = totals[answer["model"], when.date(), when.hour]
        total[0] += 1
        total[1] += answer["probabilities"][CLASS_NAMES[1]] if CLASSES else answer["prediction"]
    return [
        {
            "object": name,
            "kind": "live",
            "model": model,
            "day": day,
            "weekday": day.weekday(),
            "hour": hour,
            "predictions": count,
            "total": total if HAS_MEAN else None,
        }
        for (model, day, hour), (count, total) in totals.items()
    ]
