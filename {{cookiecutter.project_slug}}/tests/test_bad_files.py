"""A file that can't be used costs itself: the others beside it are checked, whatever happened."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from core.schema import OUTCOME
from core.storage import names
from core.tables import months, rows
from model.schema import EVENT_TIME, KEY
from model.source import COLUMNS
from processing.rows import ingest, times
from processing.rows.ingest import check, check_batch
from processing.rows.raw import unchecked
from processing.rows.repeats import CONTRADICTION


@pytest.fixture
def check_all(storage):
    """Check every file that has not been, and return the reports by name."""

    def checked() -> dict[str, dict]:
        raw, processed = storage("raw"), storage("processed")
        return {file.path: check(raw, processed, file) for file in unchecked(raw, processed)}

    return checked


@pytest.fixture
def good(sample) -> bytes:
    return sample.unique(maintain_order=True).head(10).write_csv().encode()


@pytest.mark.parametrize(
    "error", [pl.exceptions.ComputeError, ValueError, KeyError, ZeroDivisionError, RecursionError]
)
def test_an_exception_of_to_rows_costs_its_file(storage, check_all, monkeypatch, good, error):
    def to_rows(_: pl.LazyFrame) -> pl.LazyFrame:
        raise error("no such thing")

    storage("raw").put("bad", good)
    with monkeypatch.context() as patched:
        patched.setattr(ingest, "to_rows", to_rows)
        report = check_all()["bad"]
    assert "`to_rows` in model/source.py fails" in report["error"]
    assert (report["rows_in"], months(storage("processed"))) == (0, [])
    storage("raw").put("good", good)
    assert check_all()["good"]["rows_accepted"] == 10


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), MemoryError()])
def test_what_the_machine_does_is_no_fault_of_a_file(storage, check_all, monkeypatch, good, error):
    def to_rows(_: pl.LazyFrame) -> pl.LazyFrame:
        raise error

    storage("raw").put("good", good)
    with monkeypatch.context() as patched:
        patched.setattr(ingest, "to_rows", to_rows)
        with pytest.raises(type(error)):
            check_all()
    assert check_all()["good"]["rows_accepted"] == 10


def test_rows_that_to_rows_leaves_out_are_counted(storage, check_all, monkeypatch, good):
    to_rows = ingest.to_rows
    monkeypatch.setattr(ingest, "to_rows", lambda raw: to_rows(raw).filter(pl.col("row") > 3))
    storage("raw").put("some", good)
    report = check_all()["some"]
    assert (report["rows_in"], report["rows_accepted"]) == (10, 7)
    assert report["reasons"] == {"left out by `to_rows` in model/source.py": 3}


def test_several_rows_of_one_refuse_the_file(storage, check_all, monkeypatch, good):
    to_rows = ingest.to_rows
    monkeypatch.setattr(ingest, "to_rows", lambda raw: pl.concat([to_rows(raw), to_rows(raw)]))
    storage("raw").put("twice", good)
    assert "makes several rows of one" in check_all()["twice"]["error"]


def test_a_file_that_is_refused_late_leaves_nothing(storage, check_all, monkeypatch, good):
    monkeypatch.setattr("processing.rows.csv_file.BATCH_ROWS", 3)
    storage("raw").put("bad", good + b"\xe4\n")
    assert "not UTF-8" in check_all()["bad"]["error"]
    assert months(storage("processed")) == names(storage("processed"), "rejected") == []


@pytest.mark.parametrize(
    "marker", ["_SUCCESS", "a/_SUCCESS", "_temporary/0/part.csv", ".DS_Store", ".x/y.csv"]
)
def test_marker_files_are_passed_over(storage, check_all, marker, good):
    storage("raw").put(marker, b"")
    storage("raw").put("good", good)
    assert list(check_all()) == ["good"]


@pytest.mark.parametrize(
    "name", ["visits [march].csv", "a*?.csv", "a..b.csv", "ü %20#.csv", "a{b}.csv", "~x"]
)
def test_a_name_may_hold_any_mark(storage, check_all, name, good):
    storage("raw").put(name, good)
    assert check_all()[name]["rows_accepted"] == 10


@pytest.mark.parametrize("name", ["a\nb.csv", "tab\t.csv", "bell\x07.csv"])
def test_a_name_with_a_control_character_costs_its_file(storage, check_all, tmp_path, name, good):
    storage("raw").put("good", good)
    (tmp_path / "data" / "raw" / name).write_bytes(good)
    reports = check_all()
    (bad,) = reports.keys() - {"good"}
    assert "control characters" in reports[bad]["error"]
    assert reports["good"]["rows_accepted"] == 10
    assert check_all() == {}


@pytest.mark.skipif(EVENT_TIME is None, reason="model/schema.py names no event time")
def test_an_event_after_the_arrival_of_its_file_is_refused(sample, monkeypatch):
    batch = sample.head(50).with_row_index("row", offset=1)
    latest = check_batch(batch)[0][EVENT_TIME].max()
    arrived = times.on_the_clock(pl.Series([latest])).dt.replace_time_zone(times.ZONE)[0]
    monkeypatch.setattr(times, "LATEST_AHEAD", timedelta(0))
    assert len(check_batch(batch, arrived)[0]) == len(check_batch(batch)[0])
    good, bad = check_batch(batch, arrived - timedelta(seconds=1))
    assert good[EVENT_TIME].max() < latest
    assert [f"{EVENT_TIME}: later than the file arrived"] in bad["reason"].to_list()
    monkeypatch.setattr(times, "LATEST_AHEAD", None)
    assert len(check_batch(batch, datetime(1970, 1, 1, tzinfo=arrived.tzinfo))[1]) == len(
        check_batch(batch)[1]
    )


@pytest.mark.skipif(
    not KEY or not COLUMNS.get(OUTCOME, pl.String()).is_numeric(),
    reason="there is no key, or no number for an outcome in a raw file",
)
def test_two_outcomes_of_one_row_are_called_so_and_the_later_counts(storage, check_all, sample):
    kept, _ = check_batch(sample.head(200).with_row_index("row", offset=1))
    first, second = kept.filter(pl.col(OUTCOME).is_not_null()).unique(OUTCOME, maintain_order=True)[
        "row"
    ][:2]
    one = sample[first - 1]
    other = one.with_columns(sample[second - 1][OUTCOME])
    none = one.with_columns(pl.lit(None, pl.String).alias(OUTCOME))
    storage("raw").put("twice", pl.concat([one, other, none]).write_csv().encode())
    report = check_all()["twice"]
    assert report["reasons"] == {CONTRADICTION: 1, "the same row twice in one file": 1}
    assert rows()[OUTCOME].to_list() == kept.filter(row=second)[OUTCOME].to_list()


def test_files_that_were_put_together_are_named_where_their_columns_differ(
    storage, check_all, sample
):
    some = sample.head(10).select(list(COLUMNS))
    again = some.write_csv().encode()
    other = some.select(list(COLUMNS)[::-1]).write_csv().encode()
    for name, content in {"same.csv": again + again, "other.csv": again + other}.items():
        storage("raw").put(name, content)
    reports = check_all()
    assert "put together" in reports["other.csv"]["error"]
    assert (reports["same.csv"]["error"], reports["same.csv"]["rows_in"]) == (None, 21)
