"""The rule of promotion and what it rests on, with errors and delays whose truth is known."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from core import registry
from core.schema import CLASSES, OUTCOME
from core.tables import KNOWN, TIME
from model.estimator import JUDGING_DAYS, SLICES
from processing.training.cuts import LEAST_JUDGING_ROWS, MOST_CUTS, cuts
from processing.training.lateness import lateness
from processing.training.rows import Rows
from processing.training.rule import Contender, Decision, decide
from processing.training.trials import best_window, try_windows

START = datetime(2024, 1, 1)
NOBODY = pl.Series([], dtype=pl.Datetime("us"))


def hourly(rows: int, since: datetime = START, an_hour: int = 1) -> Rows:
    """Return rows, so many an hour, of two kinds of outcomes in turn, and of one slice."""
    outcomes = [(CLASSES or (0.0, 1.0))[place % 2] for place in range(rows)]
    times = [since + timedelta(hours=(place + 1) / an_hour) for place in range(rows)]
    slices = {name: ["one"] * rows for name in SLICES}
    table = pl.DataFrame({**slices, TIME: times, OUTCOME: outcomes})
    return Rows(table, pl.DataFrame({"place": range(rows)}))


def contender(name: str, error: float, learned_to: datetime = START) -> Contender:
    """Return a version that is wrong by so much in the mean, in rows with much in common."""

    def errors(rows: Rows) -> np.ndarray:
        common = np.random.default_rng(0).exponential(size=len(rows))
        own = np.random.default_rng(len(name)).normal(scale=0.05, size=len(rows))
        return error * common / common.mean() + own - own.mean()

    return Contender(name, name, learned_to, errors, learned_to, errors)


def judged(mine: float, champions: float, *earlier: Contender, **how) -> Decision:
    """Return what becomes of a candidate against a champion, on 1,000 rows."""
    return decide(
        contender("candidate", mine),
        contender("the champion", champions),
        earlier,
        lambda rows: contender("naive one", 10.0).errors(rows),
        how.pop("holdout", hourly(1_000)),
        **how,
    )


@pytest.mark.parametrize(
    ("error", "verdict"), [(0.9, "promoted"), (1.0, "promoted"), (1.005, "promoted")]
)
def test_what_is_better_or_as_good_answers_because_it_knows_newer_rows(error, verdict):
    assert judged(error, 1.0).verdict == verdict


def test_what_is_worse_is_refused_with_both_errors():
    decision = judged(1.05, 1.0)
    assert decision.verdict == "refused" and "above the champion's 1" in decision.reason


def test_all_periods_since_the_champion_was_trained_count_and_the_newest_most():
    now = hourly(1_000, START + timedelta(hours=1_000))
    before = [(hourly(500, START), 0.5)]
    assert judged(1.05, 1.0, holdout=now).verdict == "refused"
    assert judged(1.05, 1.0, holdout=now, past=before).verdict == "promoted"
    refused = judged(0.95, 1.0, holdout=now, past=[(before[0][0], 1.5)])
    assert refused.verdict == "refused" and "over 2 periods" in refused.reason
    assert judged(0.5, 1.0, holdout=now, past=[(before[0][0], 1.5)]).verdict == "promoted"


def test_a_promise_that_was_broken_makes_the_next_verdict_careful():
    said = "What such rows say has misled."
    careful = judged(1.0, 1.0, caution=said)
    assert careful.verdict == "refused" and said in careful.reason
    assert judged(0.8, 1.0, caution=said).verdict == "promoted"


def test_an_earlier_champion_that_is_surely_better_answers_again():
    winter, summer = contender("winter", 0.5), contender("summer", 1.5)
    decision = judged(1.0, 1.1, summer, winter)
    assert decision.back == "winter" and "winter answers again" in decision.reason
    assert judged(1.0, 1.1, summer).back is None
    assert judged(11.0, 12.0, contender("poor", 10.5)).back is None, "the naive one is better"
    knows_more = replace(winter, learned_to=START + timedelta(hours=9))
    assert judged(1.0, 1.1, knows_more).back is None, "it has seen some of these rows"


def test_a_champion_that_knows_more_is_judged_by_its_twin():
    champion = contender("the champion", 1.0, START + timedelta(hours=500))
    worse = contender("its twin, longer ago", 1.5)
    champion = replace(champion, twin_errors=worse.errors, twin_learned_to=START)
    decision = decide(
        contender("candidate", 1.2), champion, [], contender("naive", 9.0).errors, hourly(1_000)
    )
    assert decision.verdict == "promoted" and decision.champion_error == pytest.approx(1.5)


def test_spoiled_newest_rows_are_seen_when_the_model_learns_from_them():
    spoiled = replace(contender("candidate", 0.9), errors=contender("spoiled", 3.0).errors)
    decision = decide(
        spoiled, contender("c", 1.0), [], contender("naive", 9.0).errors, hourly(1_000)
    )
    assert decision.verdict == "refused" and "newest rows" in decision.reason


def test_a_rolled_back_version_is_no_earlier_champion(storage):
    models = storage("models")
    for version in "abc":
        registry.publish(models, version, b"", {"version": version})

    def promote(version: str, by_hand: bool = False) -> None:
        after = registry.newest_promotion(models)
        registry.promote(models, version, "a test", after=after, by_hand=by_hand)

    for version in "abca":
        promote(version)
    assert registry.champions(models) == ["a", "b", "c", "a"]
    assert registry.previous_champion(models) == "c"
    promote("c", by_hand=True)
    assert registry.champions(models) == ["a", "b", "c"]


def test_history_is_cut_where_the_next_run_will_cut_it_too():
    period = 24 * 6 * JUDGING_DAYS
    whole = hourly(12 * period, an_hour=6)
    now, then = cuts(whole), cuts(whole.slice(0, len(whole) - period))
    assert len(now) == MOST_CUTS and now[0].end == len(whole)
    assert [cut.start for cut in now[1:]] == [cut.start for cut in then[: MOST_CUTS - 1]]
    few = hourly(2_000)
    assert all(cut.end - cut.start >= LEAST_JUDGING_ROWS for cut in cuts(few))
    waiting = cuts(whole, horizon=3)[0]
    assert whole.times[waiting.taught] > whole.times[waiting.start] - timedelta(days=3)
    assert whole.times[waiting.taught - 1] <= whole.times[waiting.start] - timedelta(days=3)


def test_windows_are_tried_with_what_was_known_and_nothing_twice():
    rows, tried = hourly(24 * 60), []
    lessons = [(rows.slice(0, place), rows.slice(place, place + 200)) for place in (1_200, 1_000)]

    def measure(training: Rows, asked: Rows) -> float:
        assert training.times[-1] < asked.times[0]
        tried.append(len(training))
        return float(abs(len(training) - 20 * 24))

    trials = list(try_windows(lessons, [10, 20, 30], measure))
    assert best_window(trials) == 20 and len(tried) == 6
    assert list(try_windows(lessons, [10, 20, 30], measure, trials)) == trials and len(tried) == 6


def with_delays(delays: np.ndarray, now: datetime) -> Rows:
    """Return those hourly rows whose outcome is known after so many days."""
    rows = hourly(len(delays))
    known = rows.times + pl.Series(delays * 86_400e6).cast(pl.Int64).cast(pl.Duration("us"))
    return Rows(rows.rows.with_columns(known.alias(KNOWN)), rows.features).filter(known <= now)


def test_rows_do_not_teach_before_the_outcomes_of_all_groups_are_known():
    random, hours = np.random.default_rng(0), 24 * 300
    now, late = START + timedelta(hours=hours), random.gamma(2, 15, size=hours)
    first_is_late = np.where(np.arange(hours) % 2, random.random(hours), late)
    found = lateness(with_delays(first_is_late, now), NOBODY, now, 7)
    truth = np.quantile(late, 0.95)
    assert 0.8 * truth < found.horizon < 1.2 * truth and str(found.horizon) in found.warning
    alike = lateness(with_delays(random.random(hours), now), NOBODY, now, 7)
    assert (alike.horizon, alike.warning, alike.of_all.ninety) == (0, "", 0)
    gaps = pl.Series([now - timedelta(hours=hour) for hour in range(56)])
    some = lateness(with_delays(np.zeros(hours), now), gaps, now, 7)
    assert some.missing == pytest.approx(0.25, abs=0.01)
