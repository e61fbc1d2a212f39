"""Merging makes few objects of many, and loses no line wherever it is cut short."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from core.answers import HOUR
from core.ids import new_id
from core.storage import create, names
from processing.answers import hourly, merging, truth
from tests.aside import set_aside
from tests.cut_short import cut_short
from tests.small_model import HAPPENED
from tests.test_stored_lines import answer_line

HOURS = timedelta(hours=1)
NOW = datetime.now(UTC)
OBJECTS, LINES = 40, 3


def report_line(time: datetime) -> str:
    line = {"id": new_id(), "time": time.isoformat(), "client": "shop", "actual": HAPPENED}
    return json.dumps(line)


MADE = {"live": lambda time: answer_line(time=time.isoformat()), "outcomes": report_line}


@pytest.fixture
def predictions(storage):
    """Store answers and reports of two hours, one of which is over, and a line that is no JSON."""
    store = storage("predictions")
    for ago in (5, 0):
        time = NOW - ago * HOURS
        for number in range(OBJECTS):
            for folder, made in MADE.items():
                lines = [made(time) for _ in range(LINES)] + ["{"] * (number == 7)
                name = f"{folder}/{time:{HOUR}}/{number:03}.jsonl"
                create(store, name, "\n".join(lines).encode())
    truth.join()
    return store


def all_lines(store) -> dict[str, list[bytes]]:
    """Return every line by kind, in order."""
    days = sorted({f"{NOW - ago * HOURS:%Y/%m/%d}" for ago in (5, 0)})
    return {
        kind.lines: sorted(line for day in days for line in merging.lines(store, kind, day))
        for kind in (merging.GIVEN, merging.REPORTED)
    }


def test_an_hour_that_is_over_becomes_one_object_and_keeps_every_line(predictions):
    before, tables = all_lines(predictions), names(predictions, "truth")
    assert {len(lines) for lines in before.values()} == {2 * (OBJECTS * LINES + 1)}
    assert merging.merge(NOW) == {"objects": 2 * OBJECTS, "merged": 2}
    assert all_lines(predictions) == before
    assert len(names(predictions, "merged")) == 2
    assert len(names(predictions, "live")) == len(names(predictions, "outcomes")) == OBJECTS
    assert merging.merge(NOW) == {"objects": 0, "merged": 0}
    assert not any(truth.join().values()) and names(predictions, "truth") == tables


def test_what_comes_late_is_merged_by_itself(predictions, monkeypatch):
    monkeypatch.setattr(hourly, "how_far_back", lambda *_: 24 * HOURS)
    merging.merge(NOW)
    time = NOW - 5 * HOURS
    create(predictions, f"live/{time:{HOUR}}/late.jsonl", MADE["live"](time).encode())
    before = all_lines(predictions)
    assert merging.merge(NOW)["merged"] == 0, "nothing that the join has not taken in is merged"
    truth.join()
    assert merging.merge(NOW) == {"objects": 1, "merged": 1}
    assert all_lines(predictions) == before


@pytest.mark.parametrize("cut", ["create", "read", "read_parquet", "delete", "half of delete"])
def test_cut_short_anywhere_every_line_is_there_once(predictions, cut):
    before = all_lines(predictions)
    with cut_short(merging, cut):
        merging.merge(NOW)
    assert all_lines(predictions) == before
    merging.merge(NOW)
    assert all_lines(predictions) == before
    assert len(names(predictions, "live")) == len(names(predictions, "outcomes")) == OBJECTS


def test_originals_stay_where_what_was_read_back_differs(predictions, storage, monkeypatch):
    before = all_lines(predictions)

    def damage(store, path, content):
        store.put(path, content[:-100] if path.startswith("merged/live") else content)

    monkeypatch.setattr(merging, "create", damage)
    assert merging.merge(NOW) == {"objects": OBJECTS, "merged": 1}
    assert len(names(predictions, "live")) == 2 * OBJECTS, "these stay"
    assert len(names(predictions, "outcomes")) == OBJECTS, "others are merged"
    assert set_aside(storage, "merged/live")
    assert all_lines(predictions) == before
