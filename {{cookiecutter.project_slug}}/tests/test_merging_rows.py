"""Small parts of a month become one; every reader sees the same rows, and the same window."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from obstore.store import ObjectStore
from polars.testing import assert_frame_equal

from core import parts as core_parts
from core.schema import OUTCOME
from core.storage import names
from core.tables import TIME, newest_versions, rows
from processing.answers.matching import outcomes_of_rows, parts_by_file
from processing.rows import merging
from processing.rows.ingest import check
from processing.rows.raw import checked_files, raw_files, unchecked
from processing.steps import check_rows, compute_features
from processing.training.window import newest_digest, newest_window
from tests.cut_short import cut_short

FILES = 12
AFTERWARDS = datetime.now(UTC) + merging.QUIET + timedelta(days=1)
LATER = AFTERWARDS + merging.STAY


def check_all(storage) -> None:
    for file in unchecked(storage("raw"), storage("processed")):
        check(storage("raw"), storage("processed"), file)


@pytest.fixture
def processed(storage, sample) -> ObjectStore:
    """Return rows of small files, each of which changes half of the file before it."""
    some = sample.unique(maintain_order=True).head(60 * FILES)
    for number in range(FILES):
        of_file = some[max(0, 60 * number - 30) : 60 * (number + 1)]
        changed = of_file.with_columns(of_file[OUTCOME].reverse())
        storage("raw").put(f"{number:02}.csv", changed.write_csv().encode())
        check_all(storage)
    compute_features()
    return storage("processed")


def seen(processed) -> dict:
    """Return all that readers can see of checked rows."""
    window = newest_window(processed)
    by_file = parts_by_file(checked_files(processed))
    return {
        "digest": newest_digest(processed),
        "of the window": window.digest,
        "rows": rows(),
        "learned": window.labelled.rows,
        "features": window.labelled.features,
        "outcomes": pl.concat(
            outcomes for file in by_file for outcomes in outcomes_of_rows(file, by_file[file])
        ),
    }


def assert_the_same(before: dict, after: dict) -> None:
    for name, value in before.items():
        if isinstance(value, pl.DataFrame):
            assert_frame_equal(value, after[name])
        else:
            assert value == after[name], name


def test_merged_rows_are_read_as_they_were_and_make_no_new_candidate(processed):
    before = seen(processed)
    assert merging.merge(processed)["merged"] == 0, "the month is not quiet"
    assert merging.merge(processed, AFTERWARDS)["parts"] == FILES
    assert_the_same(before, seen(processed))
    assert merging.merge(processed, LATER)["deleted"] == FILES
    assert_the_same(before, seen(processed))
    assert len(names(processed, "rows")) == len(names(processed, "features")) == 1
    assert not any(merging.merge(processed, LATER).values()) and compute_features() == {"parts": 0}


def test_what_was_merged_is_merged_again_with_what_comes_and_known_rows_stay_known(
    processed, storage, sample
):
    merging.merge(processed, AFTERWARDS)
    known = storage("raw").get(f"{FILES - 1:02}.csv").bytes()
    storage("raw").put("again.csv", bytes(known))
    check_all(storage)
    assert len(core_parts.parts(processed)) == 1, "it brought nothing new"
    further = sample.unique(maintain_order=True)[60 * FILES :].head(90)
    for number in range(3):
        of_file = further[30 * number : 30 * (number + 1)]
        storage("raw").put(f"new-{number}.csv", of_file.write_csv().encode())
        check_all(storage)
    compute_features()
    before = seen(processed)
    assert merging.merge(processed, LATER)["merged"] == 1
    assert_the_same(before, seen(processed))
    merging.merge(processed, LATER)
    assert_the_same(before, seen(processed))
    assert len(names(processed, "rows")) == 1


def test_a_file_that_is_checked_late_stands_where_it_came(processed, storage, sample):
    """A row that it changed before later files did is as those left it."""
    some = sample.unique(maintain_order=True).head(60 * FILES)
    merging.merge(processed, AFTERWARDS)
    first = core_parts.originals(processed, core_parts.parts(processed))[0]
    file = raw_files(storage("raw"))[0]
    corrected = some[:60].with_columns(pl.lit("77.25").alias(OUTCOME))
    storage("raw").put("late.csv", corrected.write_csv().encode())
    (late,) = unchecked(storage("raw"), processed)
    arrived = file.arrived + timedelta(microseconds=1)
    check(storage("raw"), processed, type(late)(late.path, late.etag, arrived))
    assert core_parts.originals(processed, core_parts.parts(processed))[0] == first
    unmerged = [path for path in names(processed, "rows") if not core_parts.is_merged(path)]
    came = pl.concat(merging.read_parquet(processed, path) for path in unmerged)
    assert_frame_equal(rows(), newest_versions(came).sort(TIME, maintain_order=True))
    assert 30 <= (rows()[OUTCOME] == 77.25).sum() < 60, "the file after it changed the others"


@pytest.mark.parametrize("cut", ["write_parquet", "create", "delete", "half of delete"])
def test_cut_short_anywhere_every_row_is_there_once(processed, cut):
    before = seen(processed)
    with cut_short(merging, cut):
        merging.merge(processed, AFTERWARDS)
        merging.merge(processed, LATER)
    assert_the_same(before, seen(processed))
    merging.merge(processed, AFTERWARDS)
    merging.merge(processed, LATER)
    assert_the_same(before, seen(processed))
    assert len(names(processed, "rows")) == len(names(processed, "features")) == 1


def test_a_merged_part_that_holds_something_else_goes_and_its_parts_stay(processed):
    before = seen(processed)
    merging.merge(processed, AFTERWARDS)
    (merged,) = core_parts.parts(processed)
    holds = {core_parts.HOLDS: core_parts.footer(processed, merged).metadata[b"holds"].decode()}
    stored = merging.read_parquet(processed, merged)
    local = processed.prefix / merged
    stored.with_columns(stored[OUTCOME].reverse()).write_parquet(local, metadata=holds)
    assert merging.merge(processed, LATER)["deleted"] == 0
    assert_the_same(before, seen(processed))


def test_what_a_check_left_behind_when_it_was_cut_short_is_not_merged(processed, storage):
    newest = raw_files(storage("raw"))[-1]
    processed.delete(f"files/{newest.id}.json")
    merging.merge(processed, AFTERWARDS)
    assert len(core_parts.parts(processed)) == 2


def test_a_file_is_held_against_few_parts_however_many_came_before(storage, sample):
    """A hundred and thirty files of one month leave no more than two rounds of small parts."""
    some = sample.unique(maintain_order=True)
    for number in range(130):
        storage("raw").put(
            f"{number:03}.csv", some[5 * number : 5 * number + 5].write_csv().encode()
        )
    check_rows()
    assert (
        len(core_parts.originals(storage("processed"), core_parts.parts(storage("processed"))))
        == 130
    )
    assert len(core_parts.parts(storage("processed"))) <= merging.MANY


def test_rows_that_have_left_a_month_are_merged_apart_and_stay_away(processed):
    """The first two rows of each file have come again in another month."""
    before = rows()
    for part in core_parts.parts(processed):
        left = merging.read_parquet(processed, part)[:2]
        merging.write_parquet(processed, part.replace("-000.parquet", core_parts.DEPARTURE), left)
    without, digest = rows(), newest_digest(processed)
    assert len(before) - len(without) >= FILES
    for now in (AFTERWARDS, LATER):
        merging.merge(processed, now)
        assert_frame_equal(rows(), without)
        assert newest_digest(processed) == digest
    assert len(names(processed, "rows")) == 2
    assert sum(map(core_parts.is_departure, names(processed, "rows"))) == 1
