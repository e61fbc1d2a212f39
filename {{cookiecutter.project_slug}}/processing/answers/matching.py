"""Which answer an outcome belongs to: by the answer's id, or by the key of its question.

An outcome that a client reports counts for that client's own answers. Tables by hour, an object
each, hold answers, reports, and the newest outcome of each answer; a table by day holds the hours
in which each key was asked. Doing a step twice changes nothing.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import filterfalse
from pathlib import PurePosixPath

import polars as pl
from obstore.store import ObjectStore

from core.answers import HOUR, hour_folder
from core.ids import time_of
from core.layout import (
    ANSWERS_BY_HOUR,
    FILES_JOINED,
    JOINED,
    KEYS_BY_DAY,
    REPORTS_BY_HOUR,
    ROWS,
)
from core.parts import is_departure, originals, slices, standing
from core.schema import KEY_PARTS, OUTCOME
from core.storage import bucket, listed, names
from core.tables import key_texts, read_parquet, write_parquet
from processing.answers.hourly import (
    ACTUAL_TYPE,
    ANSWER_COLUMNS,
    REPORT_COLUMNS,
    TIME_TYPE,
    read_table,
    readable,
)
from processing.rows.raw import ARRIVAL, CLOCKS, arrival_of, file_of

JOINED_COLUMNS = {
    name: kind for name, kind in ANSWER_COLUMNS.items() if name not in ("object", "problem")
} | {"actual": ACTUAL_TYPE, "known": TIME_TYPE, "reporter": pl.String}
OUTCOME_COLUMNS = {
    name: kind for name, kind in REPORT_COLUMNS.items() if name not in ("object", "problem")
}
KEY_COLUMNS = {"key": pl.String, "hour": pl.String}
GROUP = "id or key, and client"


def match_answers(predictions: ObjectStore, hour: str, answers: pl.DataFrame) -> None:
    """Join new answers of an hour with earlier outcomes, and make them findable by key."""
    for outcomes in _outcomes_since(predictions, hour):
        _join(predictions, hour, answers, outcomes)
    hours_by_key = answers.select("key", hour=pl.lit(hour)).drop_nulls()
    path = f"{KEYS_BY_DAY}/{hour[:-3]}.parquet"
    keys = read_table(predictions, path, KEY_COLUMNS)
    _write_if_changed(
        predictions, path, keys, pl.concat([keys, hours_by_key]).unique(maintain_order=True)
    )


def match_outcomes(predictions: ObjectStore, outcomes: pl.DataFrame) -> None:
    """Join new outcomes with earlier answers."""
    for hour in sorted(_hours_by_id(outcomes["id"]) | _hours_by_key(predictions, outcomes)):
        table = read_table(predictions, f"{ANSWERS_BY_HOUR}/{hour}.parquet", ANSWER_COLUMNS)
        _join(predictions, hour, readable(table), outcomes)


def parts_by_file(files: list[str]) -> dict[str, list[str]]:
    """Return the parts of checked rows that hold some of each of these raw files.

    What was stored before the first of them came can hold none of them, and is not looked into. On
    a laptop a file may seem to come tomorrow; then all are.
    """
    if not files:
        return {}
    processed, came = bucket("processed"), arrival_of(min(files))
    since = came - CLOCKS if came < datetime.now(UTC) else datetime.min.replace(tzinfo=UTC)
    young = (item["path"] for item in listed(processed, ROWS) if item["last_modified"] > since)
    by_file: dict[str, list[str]] = {file: [] for file in files}
    for part in filterfalse(is_departure, standing(processed, young)):
        for file in {file_of(name) for name in originals(processed, [part])} & by_file.keys():
            by_file[file].append(part)
    return by_file


def outcomes_of_rows(file: str, parts: list[str]) -> Iterator[pl.DataFrame]:
    """Yield the outcomes in the checked rows of a raw file, which these parts hold, part by part.

    They became known when the file arrived, and belong to the answers of all clients.
    """
    columns = list(dict.fromkeys([*(part.column for part in KEY_PARTS), OUTCOME]))
    for part in parts:
        stored = slices(bucket("processed"), part, read_parquet(bucket("processed"), part, columns))
        of_file = [rows for name, rows in stored if file_of(name) == file]
        rows = pl.concat(of_file).drop_nulls(OUTCOME)
        yield rows.select(
            id=pl.lit(None, pl.String),
            client=pl.lit(None, pl.String),
            key=key_texts(rows),
            actual=pl.col(OUTCOME).cast(ACTUAL_TYPE),
            known=pl.lit(arrival_of(file)).cast(TIME_TYPE),
        )


def last_outcomes(joined: pl.DataFrame, of: str) -> pl.DataFrame:
    """Return the newest outcome for each value of a column, from when it was first known.

    An outcome that is reported again, the same, is nothing new.
    """
    by_time = joined.sort(of, "known", "actual")
    changed = (pl.col("actual") != pl.col("actual").shift()).fill_null(True)
    # 1 1 2 3 3: counts up whenever what is reported of an answer changes.
    reports = by_time.with_columns(report=changed.cum_sum().over(of))
    newest = reports.filter(pl.col("report") == pl.col("report").max().over(of))
    return newest.unique(of, keep="first", maintain_order=True).drop("report")


def _join(
    predictions: ObjectStore, hour: str, answers: pl.DataFrame, outcomes: pl.DataFrame
) -> None:
    matches = pl.concat([_matches(answers, outcomes, "id"), _matches(answers, outcomes, "key")])
    path = f"{JOINED}/{hour}.parquet"
    before = read_table(predictions, path, JOINED_COLUMNS)
    together = pl.concat([before, matches]).with_columns(_group("id", "reporter"))
    newest = last_outcomes(together, GROUP).drop(GROUP)
    _write_if_changed(predictions, path, before, newest)


def _matches(answers: pl.DataFrame, outcomes: pl.DataFrame, on: str) -> pl.DataFrame:
    """Return each answer with the outcomes that came after it.

    Of all outcomes with one id or key only the ends of the newest run can matter, so that a key
    that was asked and reported thousands of times does not make millions of pairs.
    """
    grouped = outcomes.drop_nulls([on, "actual"]).with_columns(_group(on, "client"))
    newest = grouped.sort(GROUP, "known").unique(GROUP, keep="last", maintain_order=True)
    ends = pl.concat([last_outcomes(grouped, GROUP), newest]).unique()
    reported = ends.select(on, "actual", "known", reporter="client")
    pairs = answers.join(reported, on=on)
    own = pl.col("reporter").is_null() | (pl.col("reporter") == pl.col("client"))
    # Storage may tell the time of arrival to the second only.
    later = pl.col("known") >= pl.col("asked").dt.truncate("1s")
    return pairs.filter(own & later).select(*JOINED_COLUMNS)


def _group(on: str, client: str) -> pl.Expr:
    """Return what outcomes of one client for one id or key have in common."""
    return pl.concat_str(on, pl.col(client).fill_null(""), separator="\n").alias(GROUP)


def _write_if_changed(
    predictions: ObjectStore, path: str, before: pl.DataFrame, after: pl.DataFrame
) -> None:
    if not after.equals(before):
        write_parquet(predictions, path, after)


def _hours_by_id(ids: pl.Series) -> set[str]:
    times = [time for time in map(time_of, ids.drop_nulls()) if time]
    # An answer is written down a moment after its id was made.
    delays = (timedelta(0), timedelta(minutes=1))
    return {hour_folder(time + delay) for time in times for delay in delays}


def _hours_by_key(predictions: ObjectStore, outcomes: pl.DataFrame) -> set[str]:
    if not outcomes["key"].count():
        return set()
    days = (read_parquet(predictions, day) for day in names(predictions, KEYS_BY_DAY))
    hours = (day.join(outcomes, on="key", how="semi")["hour"].unique() for day in days)
    return {hour for of_day in hours for hour in of_day}


def _outcomes_since(predictions: ObjectStore, hour: str) -> Iterator[pl.DataFrame]:
    """Yield outcomes that became known in this hour or later."""
    for path in _paths_from(predictions, REPORTS_BY_HOUR, hour):
        yield readable(read_table(predictions, path, REPORT_COLUMNS)).select(*OUTCOME_COLUMNS)
    start = datetime.strptime(hour, HOUR)
    joined = _paths_from(predictions, FILES_JOINED, f"{start:{ARRIVAL}}")
    files = [PurePosixPath(path).name for path in joined]
    for file, of_file in parts_by_file(files).items():
        yield from outcomes_of_rows(file, of_file)


def _paths_from(predictions: ObjectStore, folder: str, start: str) -> list[str]:
    return sorted(item["path"] for item in listed(predictions, folder, f"{folder}/{start}"))
