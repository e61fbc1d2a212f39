"""The gate: what replaces the champion, what does not, and how the old one comes back."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from core import registry
from core.schema import CLASSES, OUTCOME
from core.tables import TIME
from model import retraining
from model.retraining import NEW_ROWS
from model.source import COLUMNS
from processing.champion import NotPromoted, choose, roll_back
from processing.steps import run_steps
from processing.training import gate, rule
from processing.training.bootstrap import interval
from processing.training.candidate import distinct_windows, version_of
from processing.training.causes import Progress
from processing.training.cuts import Cut, cuts
from processing.training.lateness import Ages, Lateness
from processing.training.rows import Rows, TooFewRows, is_rare
from processing.training.window import Window, newest_window

NOT_LATE = Lateness(Ages(0, 0), {}, 0, 0.0)


@pytest.fixture
def learn(storage, monkeypatch):
    """Hand over a raw file, run every step after fetching, and return the verdict."""
    rule = NEW_ROWS._replace(cool_down=timedelta(0), least_rows=1)
    monkeypatch.setattr(retraining, "NEW_ROWS", rule)

    def run(name: str, rows: pl.DataFrame) -> dict:
        storage("raw").put(name, rows.write_csv().encode())
        list(run_steps(without="raw"))
        version = version_of(newest_window(storage("processed")))
        return next(
            verdict for verdict in gate.verdicts(storage("models")) if verdict["version"] == version
        )

    return run


def halves(sample: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return two thirds to learn from and a third that comes later."""
    some = sample.gather_every(max(1, len(sample) // 4_000))
    return some[: len(some) * 2 // 3], some[len(some) * 2 // 3 :]


@pytest.mark.skipif(
    OUTCOME not in COLUMNS, reason="`to_rows` in model/source.py renames the outcome"
)
def test_shuffled_outcomes_replace_nothing_and_the_verdict_says_why(storage, learn, sample):
    first, second = halves(sample)
    assert learn("first.csv", first)["verdict"] == "promoted"
    champion = registry.newest_promotion(storage("models"))
    verdict = learn("second.csv", second.with_columns(pl.col(OUTCOME).shuffle(seed=0)))
    assert verdict["verdict"] in ("refused", "undecided")
    assert len(verdict["reason"]) > 20
    assert registry.newest_promotion(storage("models")) == champion


of_classes = pytest.mark.skipif(
    not CLASSES, reason="the outcome in model/schema.py is a number, not a class"
)


@of_classes
def test_from_one_class_nothing_is_learned():
    rows = pl.DataFrame({OUTCOME: [CLASSES[0]] * 40, TIME: [datetime(2020, 1, 1)] * 40})
    with pytest.raises(TooFewRows, match=f"the same {OUTCOME}"):
        distinct_windows(Window([], Rows(rows, rows), [Cut(30, 30, 40)], NOT_LATE, 1.0))


def test_windows_that_hold_too_few_rows_are_refused_with_what_to_do():
    outcomes = [(CLASSES or (1.0, 2.0))[number % 2] for number in range(40)]
    rows = pl.DataFrame({OUTCOME: outcomes, TIME: [datetime(2020, 1, 1)] * 40})
    with pytest.raises(TooFewRows, match="hold 19 rows .* Make WINDOW_DAYS .* longer"):
        distinct_windows(Window([], Rows(rows, rows), [Cut(19, 19, 40)], NOT_LATE, 1.0))


@of_classes
def test_the_holdout_reaches_back_until_it_has_a_rare_class():
    hours = [datetime(2020, 1, 1) + timedelta(hours=number) for number in range(4_000)]
    rows = pl.DataFrame(
        {TIME: hours, OUTCOME: [CLASSES[number % 25 == 0] for number in range(4_000)]}
    )
    assert cuts(Rows(rows, rows))[0] == Cut(3_500, 3_500, 4_000)


@of_classes
def test_a_holdout_of_one_class_alone_decides_nothing(learn, sample, monkeypatch):
    def of_the_commonest(holdout: Rows, *_) -> tuple:
        return holdout.filter(~is_rare(holdout.rows[OUTCOME])), None

    monkeypatch.setattr(rule, "unseen", of_the_commonest)
    verdict = learn("first.csv", sample)
    assert verdict["verdict"] == "undecided" and "class" in verdict["reason"]


@pytest.mark.skipif(
    OUTCOME not in COLUMNS, reason="`to_rows` in model/source.py renames the outcome"
)
def test_while_no_model_answers_a_few_new_rows_are_cause_enough(
    storage, learn, sample, monkeypatch
):
    first, second = halves(sample)
    shuffled = first.with_columns(pl.col(OUTCOME).shuffle(seed=0))
    assert learn("first.csv", shuffled)["verdict"] != "promoted"
    monkeypatch.setattr(retraining, "NEW_ROWS", NEW_ROWS._replace(least_rows=10**9))
    storage("raw").put("second.csv", second.write_csv().encode())
    assert dict(run_steps(without="raw"))["candidate"]["causes"].startswith("No model answers yet")


def test_what_was_rolled_back_does_not_come_again_by_itself(storage, learn, sample):
    models = storage("models")
    first, second = halves(sample)
    old = learn("first.csv", first)["version"]
    newer = learn("second.csv", second)["version"]
    if registry.newest_promotion(models).version == old:
        choose(newer)
    assert newer in roll_back() or registry.newest_promotion(models).version == old
    list(run_steps(without="raw"))
    assert registry.newest_promotion(models).version == old
    with pytest.raises(NotPromoted, match="No other version"):
        roll_back()


def test_only_a_version_that_exists_can_be_chosen(learn, sample):
    version = learn("first.csv", halves(sample)[0])["version"]
    with pytest.raises(NotPromoted, match=version):
        choose("20000101-00000000")
    assert "already" in choose(version)


def test_a_second_promotion_from_the_same_champion_is_lost(storage, learn, sample):
    models = storage("models")
    version = learn("first.csv", halves(sample)[0])["version"]
    current = registry.newest_promotion(models)
    registry.promote(models, version, "first", after=current)
    with pytest.raises(registry.PromotionLost, match="first"):
        registry.promote(models, version, "second", after=current)


def test_a_mean_lies_in_its_interval_as_often_as_it_says():
    draw = np.random.default_rng(1)
    covered = [
        low < 0 < high for low, high in (interval(draw.normal(size=200)) for _ in range(300))
    ]
    assert 0.90 < np.mean(covered) < 0.98


@pytest.mark.parametrize("off_by", [0.0, 1e9])
def test_new_rows_are_no_cause_while_predictions_of_them_are_hardly_off(
    storage, learn, sample, monkeypatch, off_by
):
    monkeypatch.setattr(retraining, "OFF_BY", off_by)
    monkeypatch.setattr(retraining, "DRIFT", NEW_ROWS._replace(least_rows=10**9))
    first, second = halves(sample)
    learn("first.csv", first)
    storage("raw").put("second.csv", second.write_csv().encode())
    list(run_steps(without="raw"))
    assert len(gate.verdicts(storage("models"))) == (1 if off_by else 2)


def test_a_cause_waits_for_its_cool_down_and_its_rows():
    rule = NEW_ROWS._replace(cool_down=timedelta(hours=1), least_rows=100)
    now = datetime.now(UTC)
    assert Progress(now - timedelta(hours=2), lambda: 100).allows(rule)
    assert not Progress(now - timedelta(minutes=59), lambda: 100).allows(rule)
    assert not Progress(now - timedelta(hours=2), lambda: 99).allows(rule)
