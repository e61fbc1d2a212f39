"""Answers that were given, by day and hour of their event, in the summary tables."""

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta

from core.answers import Answer, hour_folder
from core.database import summary_tables, upsert
from core.layout import ANSWERS, REPORTS, Folder
from core.schema import CLASS_NAMES, CLASSES, HAS_MEAN
from core.storage import bucket, listed, read
from model.schema import EVENT_TIME

HOURS = 26
"""How far back to look for answers; prediction keeps them on disk while storage is away."""


def write_live_answers() -> dict[str, int]:
    """Count the stored answers of the last HOURS that are not in the tables yet."""
    with summary_tables() as cursor:
        if cursor is None:
            return {}
        oldest = f"{ANSWERS}/{_hours()[0]}"
        cursor.execute(
            "SELECT DISTINCT object FROM predictions WHERE object >= %s AND kind = 'live'", [oldest]
        )
        counted = {path for (path,) in cursor.fetchall()}
        new = [item["path"] for item in _objects(ANSWERS) if item["path"] not in counted]
        rows = [row for path in new for row in _totals(path)]
        return {
            "objects": len(new),
            "rows": upsert(cursor, "predictions", "object, model, day, hour", rows),
        }


def newest_object() -> datetime | None:
    """Return when the newest answer or reported outcome of the last HOURS was stored."""
    objects = _objects(ANSWERS) + _objects(REPORTS)
    return max((item["last_modified"] for item in objects), default=None)


def _objects(folder: Folder) -> list:
    predictions = bucket("predictions")
    return [item for hour in _hours() for item in listed(predictions, f"{folder}/{hour}")]


def _hours() -> list[str]:
    now = datetime.now(UTC)
    return [hour_folder(now - timedelta(hours=ago)) for ago in reversed(range(HOURS))]


def _totals(path: str) -> list[dict]:
    """Return number and sum of the answers in an object, by model, day and hour."""
    values = defaultdict(list)
    for line in read(bucket("predictions"), path).splitlines():
        answer: Answer = json.loads(line)
        event = answer["question"][EVENT_TIME] if EVENT_TIME else answer["time"]
        time = datetime.fromisoformat(event)
        values[answer["model"], time.date(), time.hour].append(_value(answer))
    return [
        {
            "object": path,
            "kind": "live",
            "model": model,
            "day": day,
            "weekday": day.weekday(),
            "hour": hour,
            "predictions": len(of_hour),
            "total": sum(of_hour) if HAS_MEAN else None,
        }
        for (model, day, hour), of_hour in values.items()
    ]


def _value(answer: Answer) -> float:
    """Return a number for an answer: of classes, the probability of the second."""
    return answer["probabilities"][CLASS_NAMES[1]] if CLASSES else float(answer["prediction"])
