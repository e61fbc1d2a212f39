"""What prediction stored, an object every few seconds, kept again as one Parquet table an hour.

Such a table also says which objects are in it, so that each is read once. A line that can't be read
stands in it as a row without id, with the problem: it is counted, and not met again.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import polars as pl
from obstore.store import ObjectStore
from pydantic import TypeAdapter, ValidationError

from core.answers import Answer, Report, hour_folder, time_written
from core.ids import time_of
from core.layout import HOURS_JOINED, Folder
from core.schema import CLASSES, OUTCOME, value_type
from core.storage import create, names, read
from core.tables import read_parquet
from model.schema import Outcome

TIME_TYPE = pl.Datetime("us", "UTC")


def _outcome_type() -> Any:
    kind = value_type(Outcome.model_fields[OUTCOME])
    if kind is bool:
        return pl.Boolean
    return pl.Float64 if issubclass(kind, (int, float)) else pl.String


ACTUAL_TYPE = _outcome_type()

ANSWER_COLUMNS: dict[str, Any] = {
    "object": pl.String,
    "problem": pl.String,
    "id": pl.String,
    "client": pl.String,
    "asked": TIME_TYPE,
    "model": pl.String,
    "key": pl.String,
    # As JSON, and so is the answer: a number, or a probability for each class.
    "question": pl.String,
    "answer": pl.String,
}
REPORT_COLUMNS: dict[str, Any] = {
    "object": pl.String,
    "problem": pl.String,
    "id": pl.String,
    "client": pl.String,
    "key": pl.String,
    "actual": ACTUAL_TYPE,
    "known": TIME_TYPE,
}

ANSWER_LINE = TypeAdapter(Answer)
REPORT_LINE = TypeAdapter(Report)

Row = dict[str, Any]

AN_HOUR = re.compile(r"\d{4}/\d\d/\d\d/\d\d")


def read_table(store: ObjectStore, path: str, columns: dict) -> pl.DataFrame:
    """Return a table, empty if there is none yet.

    What it holds in another type, because the schema was another one then, is missing.
    """
    try:
        return read_parquet(store, path, list(columns)).cast(columns, strict=False)
    except FileNotFoundError:
        return pl.DataFrame(schema=columns)


def readable(table: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of the lines that could be read."""
    return table.filter(pl.col("problem").is_null())


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
            if AN_HOUR.fullmatch(hour):
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
    return pl.DataFrame(list(_rows(store, objects, _answer)), schema=ANSWER_COLUMNS)


def read_reports(store: ObjectStore, objects: list[str]) -> pl.DataFrame:
    """Return the reported outcomes in these objects."""
    return pl.DataFrame(list(_rows(store, objects, _report)), schema=REPORT_COLUMNS)


def parsed_reports(lines: Iterable[bytes]) -> pl.DataFrame:
    """Return the reported outcomes in these lines, whichever objects they stood in."""
    return pl.DataFrame([_parsed(line, _report) for line in lines], schema=REPORT_COLUMNS)


def _rows(store: ObjectStore, objects: list[str], parse: Callable[[bytes], Row]) -> Iterator[Row]:
    with ThreadPoolExecutor(8) as pool:
        for name, content in zip(objects, pool.map(partial(read, store), objects), strict=True):
            lines = content.splitlines() or [b""]  # an empty object has been read as well
            yield from ({"object": name, **_parsed(line, parse)} for line in lines)


def _parsed(line: bytes, parse: Callable[[bytes], Row]) -> Row:
    try:
        return {"problem": None, **parse(line)}
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the line"
        return {"problem": f"{place}: {first['msg']}"}
    except (ValueError, OverflowError) as error:
        return {"problem": str(error)}


def _answer(line: bytes) -> Row:
    answer = ANSWER_LINE.validate_json(line)
    _check_id(answer["id"])
    predicted = answer.get("probabilities", answer["prediction"])
    if not is_of_our_kind(predicted):
        raise ValueError(f"prediction: {predicted!r} is no prediction of {OUTCOME}")
    return {
        "id": answer["id"],
        "client": answer["client"],
        "asked": time_written(answer),
        "model": answer["model"],
        "key": answer["key"],
        "question": json.dumps(answer["question"]),
        "answer": json.dumps(predicted, allow_nan=False),
    }


def _report(line: bytes) -> Row:
    report = REPORT_LINE.validate_json(line)
    if "id" in report:
        _check_id(report["id"])
    return {
        "id": report.get("id"),
        "client": report["client"],
        "key": report.get("key"),
        "actual": _actual(report["actual"]),
        "known": time_written(report),
    }


def _actual(value: Any) -> Any:
    """Return an outcome in the type of its column. Raises ValueError."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    others = {pl.Boolean: isinstance(value, bool), pl.String: isinstance(value, str)}
    fits = others.get(ACTUAL_TYPE, number and math.isfinite(value))
    if not fits or CLASSES and value not in CLASSES:
        raise ValueError(f"actual: {value!r} is no {OUTCOME}")
    return float(value) if number else value


def is_of_our_kind(answer: Any) -> bool:
    """Return whether a stored answer is one that models of today's schema give."""
    return isinstance(answer, dict if CLASSES else (int, float))


def _check_id(text: str) -> None:
    if time_of(text) is None:
        raise ValueError(f"id: {text!r} is none of ours")
