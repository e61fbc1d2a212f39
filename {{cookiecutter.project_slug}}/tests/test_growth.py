"""What history costs, in requests to storage: a look or a run asks for what is new."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from core import parts, registry
from core.code import code_digest
from core.documents import MOST_OUTSIDE, Documents
from core.layout import FILES, VERDICTS
from core.storage import as_json, create, names
from model.schema import EVENT_TIME
from processing.rows import merging, raw
from processing.rows.raw import FileReport, reading_code, report_path, unchecked
from processing.steps import run_steps
from processing.training import causes
from processing.work import mark_done, work_to_do
from tests.requests import counted

NEWEST = [f"2025-{month:02}" for month in range(7, 13)]
EARLIER = [f"{year}-{month:02}" for year in (2023, 2024) for month in range(1, 13)]
FILES_A_MONTH = merging.A_FEW


@pytest.fixture
def new_process(monkeypatch):
    """Return what makes this process know as little of storage as one that has just begun."""

    def forget() -> None:
        of_reports = Documents(FILES, FileReport, indexed=True)
        monkeypatch.setattr(raw, "REPORTS", of_reports)
        monkeypatch.setattr(causes, "REPORTS", of_reports)
        monkeypatch.setattr(causes, "_COUNTED", {})
        monkeypatch.setattr(parts, "_HOLDINGS", {})

    forget()
    return forget


def finished(storage, files: int) -> None:
    """Store so many raw files, each checked, of which a run has finished and a model was made."""
    now = datetime.now(UTC)
    for number in range(len(names(storage("raw"))), files):
        storage("raw").put(f"{number:05}.csv", b"x")
    counts = {"rows_in": 1, "rows_accepted": 1, "rows_rejected": 0, "rows_without_outcome": 0}
    for file in unchecked(storage("raw"), storage("processed")):
        report = FileReport(
            **counts,
            reasons={},
            source=file.path,
            etag=file.etag,
            arrived=file.arrived.isoformat(),
            checked=now.isoformat(),
            code=reading_code(),
            error=None,
        )
        storage("processed").put(report_path(file), as_json(report))
    created = (now - timedelta(hours=1)).isoformat()
    card = {"version": "old", "created": created, "code": code_digest(), "sha256": "", "inputs": []}
    create(storage("models"), registry.card_path("old"), as_json(card))
    create(storage("models"), f"{VERDICTS}/old.json", as_json({}))
    mark_done()


@pytest.mark.parametrize(("files", "most"), [(50, 8), (2050, 10)])
def test_a_look_lists_the_raw_files_and_reads_no_report_twice(
    storage, monkeypatch, new_process, files, most
):
    finished(storage, files)
    new_process()
    requests = counted(monkeypatch)
    work = work_to_do()
    assert work
    assert not work.is_new
    assert len(requests.of(f"get {FILES}/")) <= MOST_OUTSIDE, "the index holds the others"
    requests.clear()
    assert work_to_do() == work
    assert len(requests) <= most
    assert not requests.of(f"get {FILES}/")
    assert not requests.of(f"list {FILES}")


def test_rows_are_counted_anew_when_a_run_has_finished_from_other_files(storage, new_process):
    new_process()
    for files in (50, 51):
        finished(storage, files)
        new = causes.causes(storage("processed"), storage("models"), finished=f"of {files}")
        assert f"No model answers yet, and {files} new rows have come." in new


def test_a_run_for_one_small_file_asks_for_the_newest_months_only(
    storage, sample, monkeypatch, new_process
):
    def put(month: str, number: int) -> None:
        moved = pl.col(EVENT_TIME).str.replace(r"^\d{4}-\d\d", month)
        some = sample[20 * number : 20 * (number + 1)].with_columns(moved)
        storage("raw").put(f"{month}-{number}.csv", some.write_csv().encode())

    def bring(months: list[str]) -> None:
        for month in months:
            for number in range(FILES_A_MONTH):
                put(month, number)
        run()
        quiet = datetime.now(UTC) + 2 * merging.QUIET
        merging.merge(storage("processed"), quiet)
        merging.merge(storage("processed"), quiet)
        new_process()
        run()

    def asked_for_one(number: int) -> int:
        put(NEWEST[-1], number)
        new_process()
        requests.clear()
        run()
        reports = len(requests.of(f"get {FILES}/"))
        assert reports <= MOST_OUTSIDE, "the index holds the others"
        return len(requests) - reports

    def run() -> None:
        assert not [facts for _, facts in run_steps("candidate") if "problem" in facts]

    requests = counted(monkeypatch)
    bring(NEWEST)
    few = asked_for_one(FILES_A_MONTH)
    bring(EARLIER)
    assert asked_for_one(FILES_A_MONTH + 1) <= 1.1 * few
