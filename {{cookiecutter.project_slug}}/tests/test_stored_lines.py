"""What is wrong in one stored line or document never stops the others, and is set aside once."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from core import registry
from core.answers import HOUR
from core.code import code_digest
from core.ids import new_id
from core.layout import (
    DRIFT,
    FILES,
    LIVE_ERROR,
    PROMOTIONS,
    QUARANTINE,
    VERDICTS,
    WITHDRAWN,
)
from core.schema import CLASS_NAMES, CLASSES
from core.storage import create, names, read
from model.schema import Question
from processing.answers import alarm, hourly, truth
from processing.answers.evaluation import with_errors
from processing.answers.withdrawals import withdrawn, without_withdrawn
from processing.summaries import live_answers, tables
from processing.training import drift
from processing.training.causes import causes
from processing.training.gate import verdicts
from processing.withdraw import reported, withdraw
from tests.aside import set_aside
from tests.small_model import HAPPENED

NOW = datetime.now(UTC).replace(microsecond=0)


def answer_line(**changes) -> str:
    """Return a line that prediction could have stored, but for what is changed."""
    line = {
        "id": new_id(),
        "time": NOW.isoformat(),
        "client": "shop",
        "model": "m",
        "key": None,
        "question": {},
        "prediction": CLASSES[0] if CLASSES else 1.0,
    }
    if CLASSES:
        line["probabilities"] = dict.fromkeys(CLASS_NAMES, 1 / len(CLASSES))
    return json.dumps({**line, **changes})


BROKEN_ANSWERS = [
    answer_line()[:-20],
    "no JSON",
    "[]",
    json.dumps({"id": new_id()}),
    answer_line(time="2026-13-45T00:00:00"),
    answer_line(time="yesterday"),
    answer_line(id="ffffffff-ffff-7fff-bfff-ffffffffffff"),
    answer_line(id="nobody"),
    answer_line(question="what?"),
    answer_line(prediction=[1.0]),
    *([] if CLASSES else [answer_line(prediction="many")]),
    "",
]


@pytest.mark.parametrize("line", BROKEN_ANSWERS)
def test_a_broken_line_costs_itself_and_is_read_once(storage, line):
    hour = f"{NOW:{HOUR}}"
    lines = [answer_line(), line, answer_line()]
    create(storage("predictions"), f"live/{hour}/beside.jsonl", "\n".join(lines).encode())
    create(storage("predictions"), f"live/{hour}/alone.jsonl", line.encode())
    assert truth.join()["answers"] == 2
    aside = set_aside(storage, "live")
    assert aside.keys() == {f"live/{hour}/beside.jsonl", f"live/{hour}/alone.jsonl"}
    assert all("can't be read" in reason for reason in aside.values())
    before = {name: read(storage("processed"), name) for name in names(storage("processed"))}
    assert truth.join()["answers"] == 0
    assert before == {name: read(storage("processed"), name) for name in before}


LAST_DAY = "e677d21f-d800-7000-8000-000000000000"
"""An id of 9999-12-31, beyond which there is no next minute."""

BROKEN_REPORTS = [
    {"id": "ffffffff-ffff-7fff-bfff-ffffffffffff"},
    {"id": LAST_DAY},
    {"time": "9999-12-31T23:59:59-12:00"},
    {"actual": "no outcome of ours"},
    {"actual": float("inf")},
    {"client": None},
]


@pytest.mark.parametrize("change", BROKEN_REPORTS)
def test_a_broken_report_costs_itself(storage, change):
    """The first was accepted by the API once, and every later join failed."""
    hour = f"{NOW:{HOUR}}"
    report = {"id": new_id(), "actual": HAPPENED, "client": "shop", "time": NOW.isoformat()}
    for name, lines in {"bad": [{**report, **change}, report], "good": [report]}.items():
        content = "\n".join(map(json.dumps, lines)).encode()
        create(storage("predictions"), f"outcomes/{hour}/{name}.jsonl", content)
    assert truth.join()["reports"] == 2
    assert set_aside(storage, "outcomes").keys() == {f"outcomes/{hour}/bad.jsonl"}
    shown = reported(storage("predictions"), datetime.now(UTC))
    assert {client: len(lines) for client, lines in shown.items()} == {"shop": 2}


OTHER_QUESTIONS = [
    {},
    dict.fromkeys(Question.model_fields, "soon"),
    dict.fromkeys(Question.model_fields, 10**30),
    dict.fromkeys(Question.model_fields, [{}]),
]


@pytest.mark.parametrize("question", OTHER_QUESTIONS)
def test_a_question_of_another_schema_is_counted_by_when_it_was_asked(question):
    lines = pl.DataFrame([hourly._answer(answer_line(question=question).encode())])
    (row,) = live_answers.by_weekday(lines.cast({"asked": hourly.TIME_TYPE}))
    assert (row["predictions"], row["weekday"]) == (1, NOW.weekday())


def test_answers_and_outcomes_of_another_task_are_passed_over():
    other = pl.DataFrame([hourly._answer(answer_line().encode())]).with_columns(
        answer=pl.lit('"x"')
    )
    joined = other.with_columns(actual=pl.lit(None, hourly.ACTUAL_TYPE), known="asked")
    assert len(with_errors(joined)) == 0


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b'{"version": 3}'])
def test_a_broken_document_is_passed_over(storage, broken):
    models = storage("models")
    registry.publish(models, "good", b"", {"version": "good"})
    create(models, f"{PROMOTIONS}/about.json", broken)
    create(storage("predictions"), f"{WITHDRAWN}/shop.json", broken)
    promotion = registry.promote(models, "good", "a test", after=None)
    create(models, f"{PROMOTIONS}/00000002.json", broken)
    create(models, f"{VERDICTS}/20130101-aaaaaaaa.json", broken)
    assert registry.newest_promotion(models) == promotion
    assert verdicts(models) == []
    assert registry.promote(models, "good", "again", after=promotion).number == 3
    tables._quarantine(None)
    broken_promotions = {f"{PROMOTIONS}/00000002.json", f"{PROMOTIONS}/about.json"}
    assert set_aside(storage, PROMOTIONS).keys() == broken_promotions
    assert set_aside(storage, WITHDRAWN).keys() == {f"{WITHDRAWN}/shop.json"}
    assert withdrawn(storage("predictions")) == {}
    assert len(names(storage("processed"), QUARANTINE)) == 4


IMPOSSIBLE = {"created": "2026-13-45", "checked": "never", "code": "a", "version": "good"}


@pytest.mark.parametrize("broken", [b"", b"[]", json.dumps(IMPOSSIBLE).encode()])
def test_what_training_asks_for_is_passed_over_where_it_is_broken(storage, broken):
    models, processed = storage("models"), storage("processed")
    create(models, registry.card_path("good"), broken)
    create(models, f"{VERDICTS}/good.json", broken)
    assert causes(processed, models) == ["There is no model yet."]
    now = NOW.isoformat()
    card = {"version": "fine", "created": now, "code": code_digest()}
    registry.publish(models, "fine", b"", card)
    registry.promote(models, "fine", "a test", after=None)
    create(models, f"{VERDICTS}/fine.json", b"{}")
    for path in (DRIFT, LIVE_ERROR, f"{FILES}/some.json"):
        create(processed, path, broken)
    assert causes(processed, models) == []
    alarm._keep(alarm._live_error("fine", np.array([1.0]), 1.0))
    assert alarm.NEWEST.find(processed, LIVE_ERROR)["version"] == "fine"
    assert drift.newest_measurement(processed) is None


def test_answers_and_reports_of_one_key_do_not_multiply(storage):
    hour, key = f"{NOW:{HOUR}}", "2013-01-01/UA/1/JFK"
    asked = (NOW - timedelta(minutes=1)).isoformat()
    answers = "\n".join(answer_line(key=key, time=asked) for _ in range(3_000))
    report = {"key": key, "actual": HAPPENED, "time": NOW.isoformat(), "client": "shop"}
    reports = "\n".join(json.dumps(report) for _ in range(6_000))
    create(storage("predictions"), f"live/{hour}/answers.jsonl", answers.encode())
    create(storage("predictions"), f"outcomes/{hour}/reports.jsonl", reports.encode())
    truth.join()
    (table,) = truth.joined_tables(storage("predictions"))
    joined = pl.read_parquet(read(storage("predictions"), table.path))
    assert len(joined) == 3_000


def test_a_key_reports_for_its_own_answers_only(storage):
    hour, asked = f"{NOW:{HOUR}}", (NOW - timedelta(minutes=1)).isoformat()
    mine, other = new_id(), new_id()
    lines = [answer_line(id=mine, time=asked), answer_line(id=other, client="bank", time=asked)]
    create(storage("predictions"), f"live/{hour}/answers.jsonl", "\n".join(lines).encode())
    stamp = {"time": NOW.isoformat(), "client": "shop"}
    reports = [json.dumps({"id": one, "actual": HAPPENED, **stamp}) for one in (mine, other)]
    create(storage("predictions"), f"outcomes/{hour}/reports.jsonl", "\n".join(reports).encode())
    truth.join()
    (table,) = truth.joined_tables(storage("predictions"))
    assert pl.read_parquet(read(storage("predictions"), table.path))["id"].to_list() == [mine]


def test_what_a_key_reported_is_taken_back(storage):
    hour, asked = f"{NOW:{HOUR}}", (NOW - timedelta(minutes=1)).isoformat()
    ids = [new_id() for _ in range(2)]
    lines = [answer_line(id=one, time=asked) for one in ids]
    create(storage("predictions"), f"live/{hour}/answers.jsonl", "\n".join(lines).encode())
    stamp = {"time": NOW.isoformat(), "client": "shop"}
    reports = [json.dumps({"id": one, "actual": HAPPENED, **stamp}) for one in ids]
    create(storage("predictions"), f"outcomes/{hour}/reports.jsonl", "\n".join(reports).encode())
    truth.join()
    (table,) = truth.joined_tables(storage("predictions"))
    joined = pl.read_parquet(read(storage("predictions"), table.path))
    assert len(without_withdrawn(joined, withdrawn(storage("predictions")))) == 2
    withdraw("shop")
    assert len(without_withdrawn(joined, withdrawn(storage("predictions")))) == 0
    later = joined.with_columns(pl.col("known") + timedelta(days=1))
    assert len(without_withdrawn(later, withdrawn(storage("predictions")))) == 2
