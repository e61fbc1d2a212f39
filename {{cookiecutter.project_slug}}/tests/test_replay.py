"""A replay of two small months: asked first, fed in once, and resumed where it stopped."""

from datetime import timedelta

import polars as pl
import pytest

from core import inference, registry
from core.schema import OUTCOME
from core.storage import names
from model import retraining, source
from model.retraining import Rule
from model.schema import Question
from ops.replay import chart, table
from processing import replay
from processing.add import add
from processing.run import run

MONTHS = getattr(source, "HELD_BACK", ())[:2]
pytestmark = pytest.mark.skipif(len(MONTHS) < 2, reason="model/source.py holds nothing back")


@pytest.fixture
def small(storage, sample, monkeypatch):
    """Return a platform that has learned from a few rows, with two small months to come."""
    whole = {month: pl.read_csv(source.raw_file(month), infer_schema=False) for month in MONTHS}
    files = {
        month: rows.sample(1_500, seed=1).write_csv().encode() for month, rows in whole.items()
    }
    monkeypatch.setattr(source, "HELD_BACK", MONTHS)
    monkeypatch.setattr(source, "raw_file", files.__getitem__)
    monkeypatch.setattr("processing.rows.ingest.extract", lambda _: iter(()))
    monkeypatch.setattr(replay, "SAMPLE", 300)
    monkeypatch.setattr(retraining, "NEW_ROWS", Rule(timedelta(0), 1))
    add("first.csv", sample.sample(1_500, seed=1).write_csv().encode())
    run()
    return storage


def ask(storage, questions: list[dict]) -> list[dict]:
    """Return what the API would answer."""
    version = registry.newest_promotion(storage("models")).version
    model = inference.load(storage("models"), version)
    answers = model.predict(
        [Question.model_validate(question, strict=False) for question in questions]
    )
    return [
        (answer if isinstance(answer, dict) else {"prediction": answer}) | {"model": version}
        for answer in answers
    ]


def test_a_replay_says_so_when_too_few_rows_came_to_train_on(small, monkeypatch, capsys):
    monkeypatch.setattr(retraining, "NEW_ROWS", Rule(timedelta(0), 5_000))
    replay.replay(MONTHS[0], ask(small, replay.next_questions()["questions"]))
    assert "rows with an outcome are new, and NEW_ROWS in" in capsys.readouterr().out


def test_a_replay_asks_first_and_goes_on_where_it_was_interrupted(small):
    asked = replay.next_questions()
    assert (
        asked["period"] == MONTHS[0]
        and len(asked["questions"]) == 300
        and OUTCOME not in asked["questions"][0]
    )
    replay.keep_answers(MONTHS[0], ask(small, asked["questions"]))
    replay.feed(MONTHS[0])  # and here it was interrupted
    assert replay.next_questions() == {"period": MONTHS[0], "questions": []}
    replay.replay(MONTHS[0], [])
    asked = replay.next_questions()
    replay.replay(asked["period"], ask(small, asked["questions"]))
    assert replay.next_questions() == {} and len(names(small("raw"))) == 3
    shown = replay.results()
    assert [result["period"] for result in shown] == list(MONTHS)
    first = shown[0]["lines"]
    assert first[replay.FROZEN] == first[replay.KEPT]  # there was only one model yet
    assert all(
        line["low"] < line["error"] < line["high"]
        for result in shown
        for line in result["lines"].values()
    )
    assert MONTHS[1] in table(shown) and MONTHS[1] in chart(shown)
