"""What goes wrong in one step, line or document never stops the others, and is set aside once."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import polars as pl
import pytest

from core import registry
from core.answers import HOUR
from core.ids import new_id
from core.layout import PROMOTIONS, QUARANTINE, VERDICTS
from core.quarantine import entries
from core.registry import PromotionLost
from core.schema import OUTCOME
from core.storage import create, names, read
from processing import steps, work
from processing.answers import truth
from processing.answers.withdrawals import withdrawn, without_withdrawn
from processing.summaries import tables
from processing.training import candidate
from processing.training.gate import verdicts
from processing.training.window import Rows, TooFewRows
from processing.way import STEPS
from processing.withdraw import withdraw
from tests.small_model import HAPPENED

NOW = datetime.now(UTC).replace(microsecond=0)


def panic() -> BaseException:
    """Return the exception that Polars raises where its own code fails: it is no Exception."""
    return pl.exceptions.PanicException("index out of bounds")


BROKEN_INPUTS = [
    ValueError("bad"),
    KeyError("column"),
    TypeError(),
    RecursionError("too deep"),
    SystemExit("model/ gave up"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    FileNotFoundError("rows/month=2013-01/x.parquet"),
    pl.exceptions.ComputeError("bad"),
    panic(),
]
BROKEN_MACHINES = [MemoryError(), OSError(28, "No space left on device"), ConnectionResetError()]


@pytest.fixture
def recorded(monkeypatch) -> list[str]:
    """Replace every step by one that only says that it was done."""
    done = []
    for name in STEPS:
        monkeypatch.setitem(steps.FUNCTIONS, name, lambda name=name: done.append(name))
    return done


def set_aside(storage, kind: str) -> dict[str, str]:
    """Return name and reason of what is set aside."""
    of_kind = [entry for entry in entries(storage("processed")) if entry["kind"] == kind]
    return {entry["name"]: entry["reason"] for entry in of_kind if entry["reason"]}


@pytest.mark.parametrize("error", BROKEN_INPUTS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("name", STEPS)
def test_a_step_that_fails_is_named_and_the_others_are_done(
    storage, recorded, monkeypatch, name, error
):
    def fail():
        raise error

    with monkeypatch.context() as patched:
        patched.setitem(steps.FUNCTIONS, name, fail)
        facts = dict(steps.run_steps())
    assert recorded == [step for step in STEPS if step != name]
    assert type(error).__name__ in facts[name]["problem"]
    assert set_aside(storage, "steps").keys() == {name}
    dict(steps.run_steps())
    assert set_aside(storage, "steps") == {}


@pytest.mark.parametrize("error", BROKEN_MACHINES, ids=lambda error: type(error).__name__)
@pytest.mark.usefixtures("recorded")
def test_a_machine_that_fails_ends_the_run_so_that_it_is_tried_again(storage, monkeypatch, error):
    def fail():
        raise error

    monkeypatch.setitem(steps.FUNCTIONS, "features", fail)
    with pytest.raises(type(error)):
        dict(steps.run_steps())
    assert set_aside(storage, "steps") == {}


def test_a_run_is_done_even_if_everything_that_ends_it_fails(storage, monkeypatch):
    def fail(*_):
        raise ValueError("bad")

    for module, name in ((truth, "join"), (tables, "write_all")):
        monkeypatch.setattr(module, name, fail)
    monkeypatch.setattr(steps, "measure_live_error", fail)
    steps.summarise()
    assert work.is_done(work.inputs_digest())
    assert set_aside(storage, "steps").keys() == {"join", "tables", "live error"}


def answer_line(**changes) -> str:
    """Return a line that prediction could have stored, but for what is changed."""
    line = {
        "id": new_id(),
        "time": NOW.isoformat(),
        "client": "shop",
        "model": "m",
        "key": None,
        "question": {},
        "prediction": 1.0,
    }
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


def test_an_outcome_that_no_id_can_have_stops_no_join(storage):
    """It was accepted by the API once, and every later join failed."""
    hour = f"{NOW:{HOUR}}"
    report = {"id": "ffffffff-ffff-7fff-bfff-ffffffffffff", "actual": HAPPENED, "client": "shop"}
    content = json.dumps({**report, "time": NOW.isoformat()}).encode()
    create(storage("predictions"), f"outcomes/{hour}/bad.jsonl", content)
    truth.join()
    assert "none of ours" in next(iter(set_aside(storage, "outcomes").values()))


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b'{"version": 3}'])
def test_a_broken_document_is_passed_over(storage, broken):
    models = storage("models")
    registry.publish(models, "good", b"", {"version": "good"})
    promotion = registry.promote(models, "good", "a test", after=None)
    create(models, f"{PROMOTIONS}/00000002.json", broken)
    create(models, f"{VERDICTS}/20130101-aaaaaaaa.json", broken)
    assert registry.newest_promotion(models) == promotion
    assert verdicts(models) == []
    assert registry.promote(models, "good", "again", after=promotion).number == 3
    tables._quarantine(None)
    assert set_aside(storage, PROMOTIONS).keys() == {f"{PROMOTIONS}/00000002.json"}
    assert len(names(storage("processed"), QUARANTINE)) == 2


def test_a_feature_that_is_always_missing_is_named(monkeypatch):
    """Boosted trees fail on such a column with a sentence of NumPy's."""

    def fail(*_):
        raise ValueError("window shape cannot be larger than input array shape")

    features = pl.DataFrame({"seats": [float("nan")] * 3, "hours": [1.0, 2.0, 3.0]})
    rows = pl.DataFrame({OUTCOME: [HAPPENED] * 3})
    monkeypatch.setattr(candidate, "estimator", lambda: SimpleNamespace(fit=fail))
    with pytest.raises(TooFewRows, match="The features seats are missing in all 3 rows"):
        candidate._fitted(Rows(rows, features))


@pytest.mark.usefixtures("storage")
def test_a_lost_promotion_is_tried_again(monkeypatch):
    def lose():
        raise PromotionLost("Another run made promotion 1 first.")

    monkeypatch.setitem(steps.FUNCTIONS, "raw", lose)
    with pytest.raises(PromotionLost):
        dict(steps.run_steps())


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
