"""Which answer an outcome belongs to: by the answer's id, or by the key of its question.

Tables under `truth/`, an object each: `answers/` and `reports/` by hour, `keys/` with the hours in which
each key was asked, by day, and `joined/` with every outcome that the answers of an hour got. All of them
only ever grow by rows that are not there yet, so doing a step twice changes nothing.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

import polars as pl
from obstore.store import ObjectStore

from core.ids import time_of
from core.schema import OUTCOME
from core.storage import bucket, names
from core.tables import key_texts, read_parquet, write_parquet
from model.schema import KEY
from processing.answers.hourly import ACTUAL_TYPE, ANSWERS, HOUR, REPORTS, TIME_TYPE, stored

JOINED = {name: kind for name, kind in ANSWERS.items() if name != "object"} | {
    "actual": ACTUAL_TYPE,
    "known": TIME_TYPE,
}
OUTCOMES = {name: kind for name, kind in REPORTS.items() if name != "object"}
KEYS = {"key": pl.String, "hour": pl.String}
ARRIVED = "%Y%m%dT%H%M%S%f"


def match_answers(predictions: ObjectStore, hour: str, answers: pl.DataFrame) -> None:
    """Join new answers of an hour with outcomes that were taken in before them, and make them findable by key."""
    for outcomes in _outcomes_since(predictions, hour):
        _join(predictions, hour, answers, outcomes)
    asked = answers.select("key", hour=pl.lit(hour)).drop_nulls()
    _unite(predictions, f"truth/keys/{hour[:-3]}.parquet", KEYS, asked)


def match_outcomes(predictions: ObjectStore, outcomes: pl.DataFrame) -> None:
    """Join new outcomes with the answers that were taken in before them."""
    for hour in sorted(_hours_by_id(outcomes["id"]) | _hours_by_key(predictions, outcomes)):
        _join(
            predictions,
            hour,
            stored(predictions, f"truth/answers/{hour}.parquet", ANSWERS),
            outcomes,
        )


def outcomes_of_rows(file: str) -> Iterator[pl.DataFrame]:
    """The outcomes in the checked rows of a raw file, part by part; they became known when it arrived."""
    processed = bucket("processed")
    needed = list(dict.fromkeys([part.partition(":")[0] for part in KEY] + [OUTCOME]))
    for part in names(processed, "rows"):
        if file in part:
            rows = read_parquet(processed, part, needed).drop_nulls(OUTCOME)
            yield rows.select(
                id=pl.lit(None, pl.String),
                key=key_texts(rows),
                actual=pl.col(OUTCOME).cast(ACTUAL_TYPE),
                known=pl.lit(arrival(file)).cast(TIME_TYPE),
            )


def arrival(file: str) -> datetime:
    """When a raw file came, from its id."""
    return datetime.strptime(file.partition("-")[0], ARRIVED).replace(tzinfo=UTC)


def _join(
    predictions: ObjectStore, hour: str, answers: pl.DataFrame, outcomes: pl.DataFrame
) -> None:
    by_id = answers.join(outcomes.select("id", "actual", "known"), on="id")
    by_key = answers.join(outcomes.select("key", "actual", "known"), on="key")
    # Storage may tell the time of arrival to the second only.
    after = pl.col("known") >= pl.col("asked").dt.truncate("1s")
    found = pl.concat([by_id, by_key]).filter(after).drop_nulls("actual").select(*JOINED)
    _unite(predictions, f"truth/joined/{hour}.parquet", JOINED, found)


def _unite(predictions: ObjectStore, path: str, columns: dict, new: pl.DataFrame) -> None:
    if not len(new):
        return
    before = stored(predictions, path, columns)
    together = pl.concat([before, new]).unique(maintain_order=True)
    if len(together) > len(before):
        write_parquet(predictions, path, together)


def _hours_by_id(ids: pl.Series) -> set[str]:
    made = filter(None, map(time_of, ids.drop_nulls()))
    # An answer is written down a moment after its id was made.
    return {f"{moment:{HOUR}}" for time in made for moment in (time, time + timedelta(minutes=1))}


def _hours_by_key(predictions: ObjectStore, outcomes: pl.DataFrame) -> set[str]:
    if not outcomes["key"].count():
        return set()
    days = (read_parquet(predictions, day) for day in names(predictions, "truth/keys"))
    return {
        hour for day in days for hour in day.join(outcomes, on="key", how="semi")["hour"].unique()
    }


def _outcomes_since(predictions: ObjectStore, hour: str) -> Iterator[pl.DataFrame]:
    """Outcomes that became known in this hour or later."""
    for path in _names_after(predictions, "truth/reports", hour):
        yield read_parquet(predictions, path, list(OUTCOMES))
    for path in _names_after(
        predictions, "truth/files", f"{datetime.strptime(hour, HOUR):{ARRIVED}}"
    ):
        yield from outcomes_of_rows(PurePosixPath(path).name)


def _names_after(predictions: ObjectStore, folder: str, start: str) -> list[str]:
    listed = predictions.list(folder, offset=f"{folder}/{start}")
    return sorted(item["path"] for batch in listed for item in batch)
