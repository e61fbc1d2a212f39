"""Memory and time do not grow with history; the results are those of reading everything."""

import time

import polars as pl
import pytest
from obstore.exceptions import PreconditionError
from polars.testing import assert_frame_equal

from core.layout import FILES
from core.parts import parts
from core.schema import OUTCOME
from core.storage import names
from core.tables import TIME, column_statistics, months, newest_versions, read_parquet
from processing.rows.ingest import check
from processing.rows.raw import on_disk, raw_files, report_path, unchecked
from processing.rows.repeats import newest_rows
from processing.steps import compute_features
from processing.summaries import tables
from processing.training import window
from processing.work import work_to_do


@pytest.fixture
def processed(storage, sample):
    """Return checked rows and features of two files; the second changes rows of the first."""
    some = sample.unique(maintain_order=True).head(600)
    for name, rows in {
        "a.csv": some[:500],
        "b.csv": some[100:].with_columns(some[OUTCOME][100:].reverse()),
    }.items():
        storage("raw").put(name, rows.write_csv().encode())
        for file in unchecked(storage("raw"), storage("processed")):
            check(storage("raw"), storage("processed"), file)
    compute_features()
    return storage("processed")


class Cursor:
    """A table of months as the database would give it back."""

    def __init__(self, rows: list[dict]):
        self.rows = rows

    def execute(self, _sql: str) -> None:
        pass

    def fetchall(self) -> list[tuple]:
        return [(row["month"].removesuffix("-01"), row["made_of"]) for row in self.rows]


def test_the_newest_version_of_each_row_is_found_part_by_part(processed):
    for month in months(processed):
        listed = parts(processed, month)
        together = newest_versions(pl.concat(read_parquet(processed, part) for part in listed))
        assert_frame_equal(pl.concat(newest_rows(processed, listed, together.columns)), together)


def test_what_stands_at_the_end_of_a_part_is_true_of_its_rows(processed):
    for part in [part for month in months(processed) for part in parts(processed, month)]:
        rows = read_parquet(processed, part)
        assert (
            sum(group.num_values for group in column_statistics(processed, part, OUTCOME))
            == rows[OUTCOME].count()
        )
        assert (
            max(group.max for group in column_statistics(processed, part, TIME)) == rows[TIME].max()
        )


def test_a_sampled_window_holds_some_of_the_rows_of_the_whole_one(processed, monkeypatch):
    whole = window.newest_window(processed)
    monkeypatch.setattr(window, "MOST_TRAINING_ROWS", len(whole.labelled) // 2)
    sampled = window.newest_window(processed)
    assert 0 < len(sampled.labelled) <= len(whole.labelled) // 2 and sampled.share < 1
    some, all_of_them = (
        cut.labelled.features.hstack(cut.labelled.rows.select(OUTCOME, TIME))
        for cut in (sampled, whole)
    )
    assert len(some.join(all_of_them, on=some.columns, how="semi", nulls_equal=True)) == len(some)


@pytest.mark.usefixtures("processed")
def test_a_month_is_read_again_only_when_its_parts_have_changed():
    written = tables._changed_months(Cursor([]))
    assert sum(row["rows"] for row in written) > 0
    assert tables._changed_months(Cursor(written)) == []
    older = [row | {"made_of": "another state"} for row in written]
    assert tables._changed_months(Cursor(older)) == written


def test_a_file_that_is_replaced_while_it_is_read_is_read_again_later(storage, sample, tmp_path):
    storage("raw").put("a.csv", sample.head(10).write_csv().encode())
    (file,) = raw_files(storage("raw"))
    with pytest.raises(PreconditionError), on_disk(storage("raw"), file, tmp_path):
        storage("raw").put("a.csv", sample.head(20).write_csv().encode())


def test_a_look_for_work_hardly_costs_more_with_thousands_of_files(storage):
    """Promised are 20 ms for each thousand more; a test has three times as long."""
    milliseconds = []
    for files in (100, 3100):
        raw, processed = storage("raw"), storage("processed")
        for number in range(len(names(raw)), files):
            raw.put(f"{number:04}.csv", b"x")
        for file in raw_files(raw)[len(names(processed, FILES)) :]:
            processed.put(report_path(file), b"{}")
        began = time.perf_counter()
        work_to_do()
        milliseconds.append((time.perf_counter() - began) * 1000)
    assert milliseconds[1] - milliseconds[0] < 3 * 20 * 3
