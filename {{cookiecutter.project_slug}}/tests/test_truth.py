"""Answers meet their outcomes once, however late those come and in whatever order."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from core import registry
from core.answers import HOUR
from core.ids import new_id, time_of
from core.layout import LIVE_ERROR
from core.schema import OUTCOME, key
from core.storage import bucket, create, names, read
from core.tables import key_texts, rows
from model.estimator import SLICES
from model.schema import EVENT_TIME, KEY, TASK, Question
from model.source import COLUMNS
from processing.answers import alarm, hourly, matching, truth
from processing.answers.evaluation import evaluated, slice_column, with_errors
from processing.rows.ingest import check
from processing.rows.raw import unchecked
from processing.training.expectation import errors_by_answer
from processing.training.scores import METRIC

pytestmark = [
    pytest.mark.skipif(TASK != "regression", reason="the answers of these tests are numbers"),
    pytest.mark.skipif(
        OUTCOME not in COLUMNS, reason="`to_rows` in model/source.py renames the outcome"
    ),
]
by_key = pytest.mark.skipif(not KEY, reason="model/schema.py names no key")

HOURS, DAYS = timedelta(hours=1), timedelta(days=1)
NOW = datetime.now(UTC)
ANSWER = 100.0


class World:
    """Hold questions to ask, and store what prediction and the pipeline store of them."""

    def __init__(self, storage, sample: pl.DataFrame):
        self.storage, self.predictions = storage, storage("predictions")
        self.objects = 0
        outcome = pl.col(OUTCOME).cast(pl.Float64, strict=False)
        self.raw = sample.filter(outcome.is_not_null()).head(30)
        self.add(self.raw.with_columns(pl.lit("").alias(OUTCOME)))
        self.questions = [
            Question.model_validate(row) for row in rows().select(*Question.model_fields).to_dicts()
        ]

    def store(self, kind: str, time: datetime, records: list[dict]) -> None:
        self.objects += 1
        lines = [
            json.dumps(record | {"time": time.isoformat(), "client": "owner"}) for record in records
        ]
        create(
            self.predictions,
            f"{kind}/{time:{HOUR}}/{self.objects}.jsonl",
            "\n".join(lines).encode(),
        )

    def ask(self, *questions: Question, ago: timedelta) -> list[str]:
        """Store answers as if questions came some time ago, and return their ids."""
        ids = [id_of(NOW - ago) for _ in questions]
        self.store(
            "live",
            NOW - ago,
            [
                answered(answer_id, question)
                for answer_id, question in zip(ids, questions, strict=True)
            ],
        )
        return ids

    def report(self, *reports: dict, ago: timedelta) -> None:
        self.store("outcomes", NOW - ago, list(reports))

    def add(self, table: pl.DataFrame) -> None:
        """Hand over a raw file and check it."""
        self.objects += 1
        raw, processed = self.storage("raw"), self.storage("processed")
        create(raw, f"added/{self.objects}.csv", table.write_csv().encode())
        for file in unchecked(raw, processed):
            check(raw, processed, file)

    def kept(self) -> dict[str, bytes]:
        return {name: read(self.predictions, name) for name in names(self.predictions, "truth")}


def answered(answer_id: str, question: Question) -> dict:
    fields = question.model_dump(mode="json")
    return {
        "id": answer_id,
        "model": "m",
        "key": key(question),
        "question": fields,
        "prediction": ANSWER,
    }


def id_of(time: datetime) -> str:
    """Return an id as it was made at that time."""
    random = uuid.UUID(new_id()).int & (2**80 - 1)
    return str(uuid.UUID(int=int(time.timestamp() * 1000) << 80 | random))


def answers_with_errors() -> pl.DataFrame:
    """Return each answer whose outcome is known."""
    predictions = bucket("predictions")
    tables = [evaluated(predictions, table.path) for table in truth.joined_tables(predictions)]
    return pl.concat(tables or [with_errors(pl.DataFrame(schema=matching.JOINED_COLUMNS))])


def errors() -> dict[str, float]:
    truth.join()
    return dict(answers_with_errors().select("id", "error").iter_rows())


@pytest.fixture
def world(storage, sample):
    return World(storage, sample)


def test_an_id_says_when_it_was_made():
    before = datetime.now(UTC)
    assert abs(time_of(new_id()) - before) < timedelta(seconds=1)
    assert len({new_id() for _ in range(1000)}) == 1000
    assert time_of(str(uuid.uuid4())) is None


@pytest.mark.usefixtures("storage")
def test_before_anything_was_asked_there_is_no_error():
    assert errors() == {}
    assert set(map(slice_column, SLICES)) <= set(answers_with_errors().columns)


def test_outcomes_by_id_count_once_and_say_all_there_is_to_know(world):
    first_id, second_id = world.ask(*world.questions[:2], ago=3 * HOURS)
    world.report(
        {"id": first_id, "actual": 90.0}, {"id": second_id, "actual": 103.0}, ago=2 * HOURS
    )
    world.report({"id": first_id, "actual": 90.0}, ago=HOURS)
    assert errors() == {first_id: 10.0, second_id: 3.0}
    first = answers_with_errors().filter(id=first_id).row(0, named=True)
    assert (first["model"], first["actual"], first["prediction"]) == ("m", 90.0, ANSWER)
    assert (first["asked"], first["known"]) == (NOW - 3 * HOURS, NOW - 2 * HOURS)
    assert first["event_time"] == (
        getattr(world.questions[0], EVENT_TIME) if EVENT_TIME else first["asked"]
    )
    fields = [name for name in SLICES if name in Question.model_fields]
    assert [first[slice_column(name)] for name in fields] == [
        getattr(world.questions[0], name) for name in fields
    ]


def test_an_outcome_may_come_weeks_later_and_is_counted_when_it_came(world):
    (late,) = world.ask(world.questions[0], ago=25 * DAYS)
    assert errors() == {}
    world.report({"id": late, "actual": 90.0}, ago=HOURS)
    assert errors() == {late: 10.0}


def test_a_corrected_outcome_replaces_the_first_also_when_it_arrives_before_it(world):
    first_id, second_id = world.ask(*world.questions[:2], ago=5 * HOURS)
    world.report({"id": first_id, "actual": 90.0}, ago=4 * HOURS)
    world.report({"id": second_id, "actual": 99.0}, ago=2 * HOURS)
    errors()
    world.report({"id": first_id, "actual": 98.0}, ago=3 * HOURS)
    world.report({"id": second_id, "actual": 50.0}, ago=3 * HOURS)
    assert late_look(world) == {first_id: 2.0, second_id: 1.0}
    times = dict(answers_with_errors().select("id", "known").iter_rows())
    assert times == {first_id: NOW - 3 * HOURS, second_id: NOW - 2 * HOURS}


def test_an_outcome_that_is_stored_before_its_answer_still_finds_it(world):
    """A replica that was away delivers its journal late."""
    world.report({"id": (answer_id := id_of(NOW - 3 * HOURS)), "actual": 90.0}, ago=2 * HOURS)
    assert errors() == {}
    world.store("live", NOW - 3 * HOURS, [answered(answer_id, world.questions[0])])
    assert late_look(world) == {answer_id: 10.0}


def late_look(world) -> dict[str, float]:
    """Join as in the next hour, when the pipeline looks further back again."""
    for name in names(world.predictions, "truth/looked"):
        world.predictions.delete(name)
    return errors()


@by_key
def test_every_question_with_the_key_gets_the_outcome_but_not_one_asked_after_it_was_known(world):
    question = world.questions[0]
    first, second = world.ask(question, ago=5 * HOURS) + world.ask(question, ago=4 * HOURS)
    world.ask(question, ago=2 * HOURS)
    world.ask(world.questions[1], ago=5 * HOURS)
    world.report({"key": key(question), "actual": 90.0}, ago=3 * HOURS)
    assert errors() == {first: 10.0, second: 10.0}


@by_key
def test_outcomes_in_raw_files_find_their_questions(world):
    ids = world.ask(*world.questions, ago=20 * DAYS) + world.ask(world.questions[0], ago=HOURS)
    assert errors() == {}
    world.add(world.raw)
    table = rows()
    actual = dict(zip(key_texts(table), table[OUTCOME], strict=True))
    keys = zip(ids, map(key, [*world.questions, world.questions[0]]), strict=True)
    expected = {answer_id: abs(actual[row_key] - ANSWER) for answer_id, row_key in keys if row_key}
    assert errors() == pytest.approx(expected) and len(expected) > 20
    world.add(world.raw)
    assert errors() == pytest.approx(expected)


@by_key
def test_a_late_answer_finds_the_outcome_in_a_raw_file(world):
    world.ask(world.questions[1], ago=2 * DAYS)
    world.add(world.raw)
    assert len(errors()) == 1
    world.ask(world.questions[0], ago=DAYS)
    assert len(late_look(world)) == 2


def test_a_join_that_is_cut_short_anywhere_is_finished_by_the_next(world, monkeypatch):
    ids = world.ask(*world.questions[:5], ago=3 * HOURS) + world.ask(
        *world.questions[5:9], ago=2 * HOURS
    )
    world.report(*({"id": answer_id, "actual": 90.0} for answer_id in ids[:7]), ago=HOURS)
    world.report({"id": ids[0], "actual": 95.0}, ago=timedelta(0))
    world.add(world.raw)
    cuts = 0
    while cut_short(monkeypatch, world, writes=cuts):
        cuts += 1
    assert cuts > (8 if KEY else 7)
    interrupted = answers_with_errors().sort("id")
    for name in world.kept():
        world.predictions.delete(name)
    truth.join()
    assert interrupted.equals(answers_with_errors().sort("id"))
    assert len(interrupted) == (9 if KEY else 7)  # two outcomes came by key


WRITERS = [
    (matching, "write_parquet"),
    (truth, "write_parquet"),
    (truth, "create"),
    (hourly, "create"),
]


class Killed(KeyboardInterrupt):
    pass


def cut_short(monkeypatch, world, writes: int) -> bool:
    """Begin anew, join, die at a write, and join again; return whether it came to that write."""
    for name in world.kept():
        world.predictions.delete(name)
    left = iter(range(writes))

    def dies_in_time(function):
        def act(*words):
            if next(left, None) is None:
                raise Killed
            return function(*words)

        return act

    with monkeypatch.context() as patched:
        for module, name in WRITERS:
            patched.setattr(module, name, dies_in_time(getattr(module, name)))
        try:
            truth.join()
        except Killed:
            died = True
        else:
            died = False
    truth.join()
    return died


def test_what_was_taken_in_is_not_read_again(world, monkeypatch):
    ids = world.ask(*world.questions, ago=HOURS)
    world.report({"id": ids[0], "actual": 90.0}, ago=HOURS)
    truth.join()
    before = world.kept()
    taken_in = {name for kind in ("live", "outcomes") for name in names(world.predictions, kind)}

    def read_nothing_again(store, path):
        assert path not in taken_in, f"{path} was read again"
        return read(store, path)

    monkeypatch.setattr(hourly, "read", read_nothing_again)
    assert truth.join() == {"answers": 0, "reports": 0, "rows_with_outcome": 0}
    assert world.kept() == before


@pytest.mark.parametrize("worse", [1, 2])
def test_false_reports_neither_move_the_live_error_nor_hide_a_worse_model(worse):
    draw = np.random.default_rng(0)
    honest = worse * draw.exponential(6.0, 970)
    measured = alarm._live_error("m", np.append(honest, np.full(30, 10_000.0)), promised=6.0)
    assert measured["error"] == pytest.approx(honest.mean(), rel=0.1)
    assert measured["alarm"] == (worse > 1)


@pytest.mark.parametrize(("promised", "expected"), [(9.0, False), (8.0, True)])
def test_errors_beyond_what_the_card_promised_raise_an_alarm(world, promised, expected):
    models = world.storage("models")
    registry.publish(models, "m", b"", {"version": "m", "metrics": {METRIC: promised}})
    ids = world.ask(*world.questions, world.questions[0], ago=HOURS)
    promotion = registry.Promotion(1, "m", (NOW - 2 * HOURS).isoformat(), "a test")
    create(models, "promotions/00000001.json", json.dumps(vars(promotion)).encode())
    assert not alarm.measure()["alarm"]
    world.report(*({"id": answer_id, "actual": ANSWER - 10} for answer_id in ids), ago=timedelta(0))
    truth.join()
    assert alarm.measure()["alarm"] == expected
    assert json.loads(read(world.storage("processed"), LIVE_ERROR))["rows"] == len(ids)


def test_before_any_outcome_the_error_of_answers_is_estimated_from_similar_ones(world):
    models = world.storage("models")
    by_answer = errors_by_answer(np.repeat([1.0, 9.0], 50), np.arange(0, 2 * ANSWER, 2))
    card = {"version": "m", "metrics": {METRIC: 5.0}, "errors_by_answer": by_answer}
    registry.publish(models, "m", b"", card)
    registry.promote(models, "m", "a test", after=None)
    assert alarm.measure()["estimated"] is None
    world.ask(*world.questions, ago=timedelta(0))
    truth.join()
    measured = alarm.measure()
    assert measured["rows"] == 0 and measured["estimated"] == pytest.approx(9.0)
