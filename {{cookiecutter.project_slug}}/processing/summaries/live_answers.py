"""Answers that were given, by weekday and hour of their event, in the summary tables."""

from datetime import UTC, datetime, timedelta

import polars as pl

from core.answers import hour_folder
from core.layout import ANSWERS, ANSWERS_BY_HOUR, REPORTS, Folder
from core.storage import bucket, listed
from processing.answers.evaluation import event_times, questions_of
from processing.answers.hourly import ANSWER_COLUMNS, read_table, readable
from processing.summaries.rewriting import rewrite

HOURS = 26
"""How far back to look for answers; prediction keeps them on disk while storage is away."""


def write_live_answers() -> dict[str, int]:
    """Count the answers of each hour that has changed since it was counted."""
    predictions = bucket("predictions")

    def hours() -> dict[str, str]:
        return {item["path"]: str(item["e_tag"]) for item in listed(predictions, ANSWERS_BY_HOUR)}

    def counts(path: str) -> list[dict]:
        return by_weekday(readable(read_table(predictions, path, ANSWER_COLUMNS)))

    return rewrite("live_predictions", "object, model, weekday, hour", hours, counts)


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


def by_weekday(answers: pl.DataFrame) -> list[dict]:
    """Return how many answers there are, by model and by weekday and hour of the event."""
    times = event_times(answers["asked"], questions_of(answers["question"]))
    time = pl.col("time").dt
    groups = answers.select("model", time=times).group_by(
        "model", weekday=time.weekday() - 1, hour=time.hour()
    )
    return groups.agg(predictions=pl.len()).to_dicts()
