"""What prediction stored, an object every few seconds, kept again as one Parquet table an hour.

Such a table also says which objects are in it, so that each is read once.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import polars as pl
from obstore.store import ObjectStore

from core.answers import Answer, Report, Stamp, hour_folder
from core.layout import HOURS_JOINED, Folder
from core.schema import OUTCOME, value_type
from core.storage import create, names, read
from core.tables import read_parquet
from model.schema import Outcome

TIME_TYPE = pl.Datetime("us", "UTC")


def _outcome_type() -> pl.DataType | type[pl.DataType]:
    kind = value_type(Outcome.model_fields[OUTCOME])
    if kind is bool:
        return pl.Boolean
    return pl.Float64 if issubclass(kind, (int, float)) else pl.String


ACTUAL_TYPE = _outcome_type()

ANSWER_COLUMNS = {
    "object": pl.String,
    "id": pl.String,
    "asked": TIME_TYPE,
    "model": pl.String,
    "key": pl.String,
    # As JSON, and so is the answer: a number, or a probability for each class.
    "question": pl.String,
    "answer": pl.String,
}
REPORT_COLUMNS = {
    "object": pl.String,
    "id": pl.String,
    "key": pl.String,
    "actual": ACTUAL_TYPE,
    "known": TIME_TYPE,
}


def read_table(store: ObjectStore, path: str, columns: dict) -> pl.DataFrame:
    """Return a table, empty if there is none yet."""
    try:
        return read_parquet(store, path, list(columns))
    except FileNotFoundError:
        return pl.DataFrame(schema=columns)


def how_far_back(store: ObjectStore, now: datetime) -> timedelta:
    """Return how far back to look: a month once a day, a day once an hour, otherwise two hours.

    Objects come late when storage or a replica was away.
    """
    today = names(store, f"{HOURS_JOINED}/{now:%Y/%m/%d}")
    if not today:
        return timedelta(days=31)
    return timedelta(hours=2) if _marker(now) in today else timedelta(hours=26)


def mark_joined(store: ObjectStore, now: datetime) -> None:
    """Keep in mind that everything that was there in this hour has been joined."""
    create(store, _marker(now), b"")


def _marker(now: datetime) -> str:
    return f"{HOURS_JOINED}/{hour_folder(now)}"


def objects_by_hour(
    store: ObjectStore, folder: Folder, now: datetime, back: timedelta
) -> Iterator[tuple[str, list[str]]]:
    """Yield each hour, such as `2013/04/01/09`, with the names of its objects, oldest first."""
    for prefix in _prefixes(now, back):
        by_hour: dict[str, list[str]] = {}
        for name in names(store, f"{folder}/{prefix}"):
            hour = name.removeprefix(f"{folder}/").rpartition("/")[0]
            by_hour.setdefault(hour, []).append(name)
        yield from by_hour.items()


def _prefixes(now: datetime, back: timedelta) -> list[str]:
    """Return the folders of hours, or of whole days where that is fewer."""
    if back < timedelta(days=2):
        hours = back // timedelta(hours=1)
        return [hour_folder(now - timedelta(hours=ago)) for ago in range(hours, -1, -1)]
    return [f"{now - timedelta(days=ago):%Y/%m/%d}" for ago in range(back.days, -1, -1)]


def read_answers(store: ObjectStore, objects: list[str]) -> pl.DataFrame:
    """Return the answers in these objects."""
    rows = [_answer_row(name, line) for name, line in _lines(store, objects)]
    return pl.DataFrame(rows, schema=ANSWER_COLUMNS, orient="row")


def read_reports(store: ObjectStore, objects: list[str]) -> pl.DataFrame:
    """Return the reported outcomes in these objects."""
    rows = [_report_row(name, line) for name, line in _lines(store, objects)]
    columns = zip(*rows, strict=True) if rows else [() for _ in REPORT_COLUMNS]
    typed = zip(REPORT_COLUMNS.items(), columns, strict=True)
    return pl.DataFrame(
        [pl.Series(name, values, kind, strict=False) for (name, kind), values in typed]
    )


def _lines(store: ObjectStore, objects: list[str]) -> Iterator[tuple[str, Any]]:
    with ThreadPoolExecutor(8) as pool:
        for name, content in zip(objects, pool.map(partial(read, store), objects), strict=True):
            yield from ((name, json.loads(line)) for line in content.splitlines())


def _answer_row(name: str, line: Answer) -> tuple:
    answer = line.get("probabilities", line["prediction"])
    question = json.dumps(line["question"])
    return name, line["id"], _time(line), line["model"], line["key"], question, json.dumps(answer)


def _report_row(name: str, line: Report) -> tuple:
    return name, line.get("id"), line.get("key"), line["actual"], _time(line)


def _time(line: Stamp) -> datetime:
    return datetime.fromisoformat(line["time"]).astimezone(UTC)
