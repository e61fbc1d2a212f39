"""What prediction stored, an object every few seconds, kept again as one Parquet table an hour.

Such a table also says which objects are in it, so that each is read once. `live/` holds answers and
`outcomes/` what people reported; the tables of both lie under `truth/`.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import polars as pl
from obstore.store import ObjectStore

from core.schema import OUTCOME, value_type
from core.storage import create, names, read
from core.tables import read_parquet
from model.schema import Outcome

HOUR = "%Y/%m/%d/%H"
LOOKED = "truth/looked"
TIME_TYPE = pl.Datetime("us", "UTC")


def _type_of_outcome() -> pl.DataType:
    kind = value_type(Outcome.model_fields[OUTCOME])
    return (
        pl.Boolean if kind is bool else pl.Float64 if issubclass(kind, (int, float)) else pl.String
    )


ACTUAL_TYPE = _type_of_outcome()

ANSWERS = (
    {"object": pl.String, "id": pl.String, "asked": TIME_TYPE, "model": pl.String, "key": pl.String}
    | {
        "question": pl.String,  # as JSON, and so is the answer: a number, or a probability for each class
        "answer": pl.String,
    }
)
REPORTS = {
    "object": pl.String,
    "id": pl.String,
    "key": pl.String,
    "actual": ACTUAL_TYPE,
    "known": TIME_TYPE,
}


def stored(store: ObjectStore, path: str, columns: dict) -> pl.DataFrame:
    """A table, empty if there is none yet."""
    try:
        return read_parquet(store, path, list(columns))
    except FileNotFoundError:
        return pl.DataFrame(schema=columns)


def how_far_back(store: ObjectStore, now: datetime) -> timedelta:
    """Objects come late when storage or a replica was away: look far back once a day, a day back once an hour."""
    looked = names(store, f"{LOOKED}/{now:%Y/%m/%d}")
    if not looked:
        return timedelta(days=31)
    return timedelta(hours=2) if f"{LOOKED}/{now:{HOUR}}" in looked else timedelta(hours=26)


def mark_looked(store: ObjectStore, now: datetime) -> None:
    """Say that everything that was there in this hour has been taken in."""
    create(store, f"{LOOKED}/{now:{HOUR}}", b"")


def listed(
    store: ObjectStore, kind: str, now: datetime, back: timedelta
) -> Iterator[tuple[str, list[str]]]:
    """Each hour, such as `2013/04/01/09`, with the names of its objects of this kind."""
    step, form = (
        (timedelta(hours=1), HOUR) if back < timedelta(days=2) else (timedelta(days=1), "%Y/%m/%d")
    )
    for number in range(back // step, -1, -1):
        by_hour = {}
        for name in names(store, f"{kind}/{now - number * step:{form}}"):
            by_hour.setdefault(name.removeprefix(f"{kind}/").rpartition("/")[0], []).append(name)
        yield from by_hour.items()


def read_answers(store: ObjectStore, objects: list[str]) -> pl.DataFrame:
    """The answers in these objects."""
    return pl.DataFrame(
        [_answer(*line) for line in _lines(store, objects)], schema=ANSWERS, orient="row"
    )


def read_reports(store: ObjectStore, objects: list[str]) -> pl.DataFrame:
    """The reported outcomes in these objects."""
    rows = [_report(*line) for line in _lines(store, objects)]
    columns = zip(*rows, strict=True) if rows else [[] for _ in REPORTS]
    typed = zip(REPORTS.items(), columns, strict=True)
    return pl.DataFrame(
        [pl.Series(name, list(values), kind, strict=False) for (name, kind), values in typed]
    )


def _lines(store: ObjectStore, objects: list[str]) -> Iterator[tuple[str, dict]]:
    with ThreadPoolExecutor(8) as pool:
        for name, content in zip(objects, pool.map(partial(read, store), objects), strict=True):
            yield from ((name, json.loads(line)) for line in content.splitlines())


def _answer(name: str, line: dict) -> tuple:
    given = line.get("probabilities", line["prediction"])
    return (
        name,
        line["id"],
        _time(line),
        line["model"],
        line["key"],
        json.dumps(line["question"]),
        json.dumps(given),
    )


def _report(name: str, line: dict) -> tuple:
    return name, line.get("id"), line.get("key"), line["actual"], _time(line)


def _time(line: dict) -> datetime:
    return datetime.fromisoformat(line["time"]).astimezone(UTC)
