"""Answers that were given, by day and hour of their event, in the summary tables."""

import json
from datetime import UTC, datetime, timedelta

import polars as pl

from core.answers import hour_folder
from core.code import code_digest
from core.database import summary_tables, upsert
from core.layout import ANSWERS, ANSWERS_BY_HOUR, REPORTS, Folder
from core.schema import HAS_MEAN
from core.storage import bucket, listed
from processing.answers.evaluation import event_times, of_our_kind, predicted_by, questions_of
from processing.answers.hourly import ANSWER_COLUMNS, read_table, readable
from processing.answers.turns import turn
from processing.training.scores import predicted_values

HOURS = 26
"""How far back to look for answers; prediction keeps them on disk while storage is away."""


def write_live_answers() -> dict[str, int]:
    """Count the answers of each hour that has changed since it was counted."""
    predictions, code = bucket("predictions"), code_digest()
    with turn("live_answers"), summary_tables() as cursor:
        if cursor is None:
            return {}
        cursor.execute("SELECT DISTINCT object, made_of FROM predictions WHERE kind = 'live'")
        counted = set(cursor.fetchall())
        hours = listed(predictions, ANSWERS_BY_HOUR)
        state = {item["path"]: f"{code} {item['e_tag']}" for item in hours}
        changed = [path for path, made_of in state.items() if (path, made_of) not in counted]
        for path in changed:
            cursor.execute("DELETE FROM predictions WHERE object = %s", [path])
            of_object = {"object": path, "kind": "live", "made_of": state[path]}
            answers = readable(read_table(predictions, path, ANSWER_COLUMNS))
            rows = [of_object | row for row in totals(answers)]
            upsert(cursor, "predictions", "object, model, day, hour", rows)
    return {"hours": len(changed)}


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


def totals(answers: pl.DataFrame) -> list[dict]:
    """Return number and sum of answers, by model and by day and hour of the event."""
    answers = of_our_kind(answers)
    times = event_times(answers["asked"], questions_of(answers["question"]))
    values = predicted_values(predicted_by([json.loads(text) for text in answers["answer"]]))
    time = pl.col("time").dt
    table = answers.select("model", time=times, value=pl.Series(values, dtype=pl.Float64))
    by_hour = table.group_by(
        "model", day=time.date(), weekday=time.weekday() - 1, hour=time.hour()
    ).agg(predictions=pl.len(), total=pl.sum("value"))
    if not HAS_MEAN:
        by_hour = by_hour.with_columns(total=None)
    return by_hour.to_dicts()
