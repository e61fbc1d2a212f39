"""What was answered, held against what really happened, however late that becomes known.

Outcomes are reported through the API, or arrive in raw files. Only one that becomes known after the
answer counts: the model may have been trained on an earlier one. What says that something was taken in
is written last, so a join that was cut short is simply done again.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePosixPath

import polars as pl
from obstore.store import ObjectStore

from core.storage import bucket, create, names
from core.tables import read_parquet, write_parquet
from model.schema import KEY
from processing.answers import hourly
from processing.answers.evaluation import newest, with_errors
from processing.answers.hourly import ANSWERS, REPORTS, stored
from processing.answers.matching import (
    JOINED,
    OUTCOMES,
    arrival,
    match_answers,
    match_outcomes,
    outcomes_of_rows,
)
from processing.answers.turns import turn


def join() -> dict:
    """Take in what is new of answers and outcomes. Returns how many of each."""
    predictions, now = bucket("predictions"), datetime.now(UTC)
    with turn("truth"):
        back = hourly.how_far_back(predictions, now)
        taken = {
            "answers": sum(
                _take_answers(predictions, hourly.listed(predictions, "live", now, back))
            ),
            "reports": sum(
                _take_reports(predictions, hourly.listed(predictions, "outcomes", now, back))
            ),
            "rows_with_outcome": sum(_take_rows(predictions)) if KEY else 0,
        }
        hourly.mark_looked(predictions, now)
    return taken


def _take_answers(
    predictions: ObjectStore, by_hour: Iterator[tuple[str, list[str]]]
) -> Iterator[int]:
    for hour, objects in by_hour:
        path = f"truth/answers/{hour}.parquet"
        known = stored(predictions, path, ANSWERS)
        new = hourly.read_answers(predictions, _unread(objects, known))
        if len(new):
            match_answers(predictions, hour, new)
            write_parquet(predictions, path, pl.concat([known, new]))
            yield len(new)


def _take_reports(
    predictions: ObjectStore, by_hour: Iterator[tuple[str, list[str]]]
) -> Iterator[int]:
    for hour, objects in by_hour:
        path = f"truth/reports/{hour}.parquet"
        known = stored(predictions, path, REPORTS)
        new = hourly.read_reports(predictions, _unread(objects, known))
        if len(new):
            match_outcomes(predictions, new.select(*OUTCOMES))
            write_parquet(predictions, path, pl.concat([known, new]))
            yield len(new)


def _take_rows(predictions: ObjectStore) -> Iterator[int]:
    days = names(predictions, "truth/keys")
    taken = {PurePosixPath(name).name for name in names(predictions, "truth/files")}
    for file in (PurePosixPath(name).stem for name in names(bucket("processed"), "files")):
        if file in taken:
            continue
        if (
            days and days[0] <= f"truth/keys/{arrival(file):%Y/%m/%d}.parquet"
        ):  # something was asked before it came
            for outcomes in outcomes_of_rows(file):
                match_outcomes(predictions, outcomes)
                yield len(outcomes)
        create(predictions, f"truth/files/{file}", b"")


def _unread(objects: list[str], known: pl.DataFrame) -> list[str]:
    return sorted(set(objects) - set(known["object"].unique()))


def live_errors(since: datetime | None = None) -> pl.DataFrame:
    """One row for each answer whose outcome is known: of all of them, or of those known since a time.

    Columns: model, id, asked, event_time, known, actual, prediction, error, and those of SLICES.
    """
    predictions = bucket("predictions")
    changed = [
        path for path, _, changed in joined(predictions) if since is None or changed >= since
    ]
    found = [with_errors(newest(read_parquet(predictions, path))) for path in changed]
    together = pl.concat(found or [with_errors(pl.DataFrame(schema=JOINED))])
    return together if since is None else together.filter(pl.col("known") >= since)


def joined(predictions: ObjectStore) -> list[tuple[str, str, datetime]]:
    """Each table of joined answers: its name, its version, when it was changed."""
    listed = [item for batch in predictions.list("truth/joined") for item in batch]
    return sorted((item["path"], item["e_tag"], item["last_modified"]) for item in listed)
