"""Joins answers with the ground truth, however late that becomes known.

Outcomes are reported through the API, or arrive in raw files. Only one that becomes known after the
answer counts: the model may have been trained on an earlier one. What says that something was
joined is written last, so a join that was cut short is simply done again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl
from obstore.store import ObjectStore

from core.layout import (
    ANSWERS,
    ANSWERS_BY_HOUR,
    FILES,
    FILES_JOINED,
    JOINED,
    KEYS_BY_DAY,
    REPORTS,
    REPORTS_BY_HOUR,
    Folder,
)
from core.quarantine import Quarantine
from core.schema import KEY_PARTS
from core.storage import bucket, create, listed, names
from core.tables import write_parquet
from processing.answers import hourly
from processing.answers.matching import (
    OUTCOME_COLUMNS,
    match_answers,
    match_outcomes,
    outcomes_of_rows,
    parts_by_file,
)
from processing.answers.turns import turn
from processing.rows.raw import arrival_of, checked_files


@dataclass(frozen=True)
class Intake:
    """How lines of one kind come in: from where, into which tables, and what is done with them."""

    lines: Folder
    tables: Folder
    columns: dict
    read: Callable[[ObjectStore, list[str]], pl.DataFrame]
    match: Callable[[ObjectStore, str, pl.DataFrame], None]


def _match_reports(predictions: ObjectStore, _hour: str, reports: pl.DataFrame) -> None:
    match_outcomes(predictions, reports.select(*OUTCOME_COLUMNS))


ANSWER_INTAKE = Intake(
    ANSWERS, ANSWERS_BY_HOUR, hourly.ANSWER_COLUMNS, hourly.read_answers, match_answers
)
REPORT_INTAKE = Intake(
    REPORTS, REPORTS_BY_HOUR, hourly.REPORT_COLUMNS, hourly.read_reports, _match_reports
)


def join() -> dict[str, int]:
    """Join what is new of answers and outcomes. Returns how many of each there were."""
    predictions, now = bucket("predictions"), datetime.now(UTC)
    with turn("truth"):
        counts = {
            "answers": sum(_take_in(ANSWER_INTAKE, predictions, now)),
            "reports": sum(_take_in(REPORT_INTAKE, predictions, now)),
            "rows_with_outcome": sum(_join_files(predictions)) if KEY_PARTS else 0,
        }
        hourly.mark_joined(predictions, now)
    return counts


def _take_in(intake: Intake, predictions: ObjectStore, now: datetime) -> Iterator[int]:
    """Join the new lines of each hour. Yields how many there were."""
    back = hourly.how_far_back(predictions, now)
    for hour, objects in hourly.objects_by_hour(predictions, intake.lines, now, back):
        path = f"{intake.tables}/{hour}.parquet"
        table = hourly.read_table(predictions, path, intake.columns)
        new = intake.read(predictions, sorted(set(objects) - set(table["object"].unique())))
        if len(new):
            good = hourly.readable(new)
            intake.match(predictions, hour, good)
            _set_aside(intake.lines, new)
            write_parquet(predictions, path, pl.concat([table, new]))
            yield len(good)


def _set_aside(lines: Folder, new: pl.DataFrame) -> None:
    """Quarantine the objects with lines that could not be read; their other lines are used."""
    unreadable = new.drop_nulls("problem").group_by("object").agg(pl.len(), pl.first("problem"))
    if len(unreadable):
        quarantine = Quarantine(bucket("processed"), lines)
        for path, count, problem in unreadable.iter_rows():
            quarantine.add(path, f"{count} of its lines can't be read. {problem}", count=count)


def _join_files(predictions: ObjectStore) -> Iterator[int]:
    """Join the outcomes in raw files. Yields how many there were."""
    joined = set(names(predictions, FILES_JOINED))
    checked = checked_files(bucket("processed"))
    new = [file for file in checked if f"{FILES_JOINED}/{file}" not in joined]
    days = names(predictions, KEYS_BY_DAY)[:1]
    parts = parts_by_file([file for file in new if _came_after(days, file)])
    quarantine = Quarantine(bucket("processed"), FILES)
    for file in new:
        if quarantine.holds(file):
            continue
        with quarantine.catching(file):
            for outcomes in outcomes_of_rows(file, parts.get(file, [])):
                match_outcomes(predictions, outcomes)
                yield len(outcomes)
            create(predictions, f"{FILES_JOINED}/{file}", b"")


def _came_after(days: list[str], file: str) -> bool:
    """Return whether a file came on the first of these days, if there is one, or later."""
    return bool(days) and days[0] <= f"{KEYS_BY_DAY}/{arrival_of(file):%Y/%m/%d}.parquet"


@dataclass(frozen=True)
class JoinedTable:
    """A table of answers with their outcomes: its path, its version, when it last changed."""

    path: str
    etag: str
    changed: datetime


def joined_tables(predictions: ObjectStore) -> list[JoinedTable]:
    """Return each table of joined answers, oldest hour first."""
    tables = [
        JoinedTable(item["path"], str(item["e_tag"]), item["last_modified"])
        for item in listed(predictions, JOINED)
    ]
    return sorted(tables, key=lambda table: table.path)
