"""Which answer an outcome belongs to: by the answer's id, or by the key of its question.

Tables by hour, an object each, hold answers, reports, and every outcome that the answers of an hour
got; a table by day holds the hours in which each key was asked. All of them only ever grow by rows
that are not there yet, so doing a step twice changes nothing.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

import polars as pl
from obstore.store import ObjectStore

from core.answers import HOUR, hour_folder
from core.ids import time_of
from core.layout import ANSWERS_BY_HOUR, FILES_JOINED, JOINED, KEYS_BY_DAY, REPORTS_BY_HOUR, ROWS
from core.schema import KEY_PARTS, OUTCOME
from core.storage import bucket, listed, names
from core.tables import key_texts, read_parquet, write_parquet
from processing.answers.hourly import (
    ACTUAL_TYPE,
    ANSWER_COLUMNS,
    REPORT_COLUMNS,
    TIME_TYPE,
    read_table,
)

JOINED_COLUMNS = {name: kind for name, kind in ANSWER_COLUMNS.items() if name != "object"} | {
    "actual": ACTUAL_TYPE,
    "known": TIME_TYPE,
}
OUTCOME_COLUMNS = {name: kind for name, kind in REPORT_COLUMNS.items() if name != "object"}
KEY_COLUMNS = {"key": pl.String, "hour": pl.String}
ARRIVAL = "%Y%m%dT%H%M%S%f"


def match_answers(predictions: ObjectStore, hour: str, answers: pl.DataFrame) -> None:
    """Join new answers of an hour with earlier outcomes, and make them findable by key."""
    for outcomes in _outcomes_since(predictions, hour):
        _join(predictions, hour, answers, outcomes)
    hours_by_key = answers.select("key", hour=pl.lit(hour)).drop_nulls()
    _add_rows(predictions, f"{KEYS_BY_DAY}/{hour[:-3]}.parquet", KEY_COLUMNS, hours_by_key)


def match_outcomes(predictions: ObjectStore, outcomes: pl.DataFrame) -> None:
    """Join new outcomes with earlier answers."""
    for hour in sorted(_hours_by_id(outcomes["id"]) | _hours_by_key(predictions, outcomes)):
        answers = read_table(predictions, f"{ANSWERS_BY_HOUR}/{hour}.parquet", ANSWER_COLUMNS)
        _join(predictions, hour, answers, outcomes)


def outcomes_of_rows(file: str) -> Iterator[pl.DataFrame]:
    """Yield the outcomes in the checked rows of a raw file, part by part.

    They became known when the file arrived.
    """
    processed = bucket("processed")
    columns = list(dict.fromkeys([*(part.column for part in KEY_PARTS), OUTCOME]))
    for part in names(processed, ROWS):
        if file in part:
            rows = read_parquet(processed, part, columns).drop_nulls(OUTCOME)
            yield rows.select(
                id=pl.lit(None, pl.String),
                key=key_texts(rows),
                actual=pl.col(OUTCOME).cast(ACTUAL_TYPE),
                known=pl.lit(arrival(file)).cast(TIME_TYPE),
            )


def arrival(file: str) -> datetime:
    """Return when a raw file came, from its id."""
    return datetime.strptime(file.partition("-")[0], ARRIVAL).replace(tzinfo=UTC)


def _join(
    predictions: ObjectStore, hour: str, answers: pl.DataFrame, outcomes: pl.DataFrame
) -> None:
    by_id = answers.join(outcomes.select("id", "actual", "known"), on="id")
    by_key = answers.join(outcomes.select("key", "actual", "known"), on="key")
    # Storage may tell the time of arrival to the second only.
    later = pl.col("known") >= pl.col("asked").dt.truncate("1s")
    joined = pl.concat([by_id, by_key]).filter(later).drop_nulls("actual").select(*JOINED_COLUMNS)
    _add_rows(predictions, f"{JOINED}/{hour}.parquet", JOINED_COLUMNS, joined)


def _add_rows(predictions: ObjectStore, path: str, columns: dict, new: pl.DataFrame) -> None:
    if not len(new):
        return
    before = read_table(predictions, path, columns)
    together = pl.concat([before, new]).unique(maintain_order=True)
    if len(together) > len(before):
        write_parquet(predictions, path, together)


def _hours_by_id(ids: pl.Series) -> set[str]:
    times = [time for time in map(time_of, ids.drop_nulls()) if time]
    # An answer is written down a moment after its id was made.
    return {
        hour_folder(time + delay)
        for time in times
        for delay in (timedelta(0), timedelta(minutes=1))
    }


def _hours_by_key(predictions: ObjectStore, outcomes: pl.DataFrame) -> set[str]:
    if not outcomes["key"].count():
        return set()
    days = (read_parquet(predictions, day) for day in names(predictions, KEYS_BY_DAY))
    hours = (day.join(outcomes, on="key", how="semi")["hour"].unique() for day in days)
    return {hour for of_day in hours for hour in of_day}


def _outcomes_since(predictions: ObjectStore, hour: str) -> Iterator[pl.DataFrame]:
    """Yield outcomes that became known in this hour or later."""
    for path in _paths_from(predictions, REPORTS_BY_HOUR, hour):
        yield read_parquet(predictions, path, list(OUTCOME_COLUMNS))
    start = datetime.strptime(hour, HOUR)
    for path in _paths_from(predictions, FILES_JOINED, f"{start:{ARRIVAL}}"):
        yield from outcomes_of_rows(PurePosixPath(path).name)


def _paths_from(predictions: ObjectStore, folder: str, start: str) -> list[str]:
    return sorted(item["path"] for item in listed(predictions, folder, f"{folder}/{start}"))
