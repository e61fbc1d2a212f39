"""The autoscaler's decisions, replayed: what it does when the replicas say this or that."""

import json
from pathlib import Path

import pytest

from autoscaler.containers import Container, to_start, to_stop
from autoscaler.decision import Decider
from autoscaler.load import KEPT, LIKELY, Loads, counters

TICK = 2.0
RECORDED = Path(__file__).parent / "recorded"


class Replay:
    """A decider that is told a load every two seconds; as many replicas run as it wants."""

    def __init__(self, least: int = 1, most: int = 8, start_takes: int = 3):
        self.decider = Decider(least, most)
        self.now = 1000.0
        self.running = least
        self.start_takes = start_takes
        """Ticks until a replica that was started is ready."""
        self.coming: list[int] = []

    def look(self, load: float | None) -> int:
        """Return how many are wanted after one more look; at most one a look is stopped."""
        self.now += TICK
        self.coming = [ticks - 1 for ticks in self.coming]
        self.running += sum(ticks == 0 for ticks in self.coming)
        self.coming = [ticks for ticks in self.coming if ticks > 0]
        wanted = self.decider.decide(self.now, self.running, load).replicas
        there = self.running + len(self.coming)
        self.coming += [self.start_takes] * (wanted - there)
        self.running -= wanted < self.running
        return wanted

    def during(self, seconds: float, load: float | None) -> list[int]:
        """Return what is wanted at each look while the load stays the same."""
        return [self.look(load) for _ in range(round(seconds / TICK))]


def quiet(**how) -> Replay:
    """Return a replay after two minutes without load."""
    replay = Replay(**how)
    assert set(replay.during(120, 0.0)) == {replay.decider.least}
    return replay


def test_a_load_that_replicas_can_bear_changes_nothing():
    assert set(quiet(least=2).during(600, 1.3)) == {2}


def test_a_step_is_followed_within_three_looks():
    wanted = quiet().during(6, 2.0)
    assert max(wanted) >= 2


def test_a_lasting_load_gets_as_many_as_keep_each_at_seventy_percent():
    assert quiet().during(300, 4.0)[-1] == 6


def test_a_short_burst_is_followed_at_once_and_left_only_a_minute_after():
    replay = quiet()
    burst = replay.during(10, 6.0)
    assert max(burst) == 8
    after = replay.during(56, 0.0)
    assert set(after) == {8}
    assert replay.during(100, 0.0)[-1] == 1


def test_back_at_the_least_within_three_minutes_of_quiet():
    replay = quiet()
    replay.during(120, 9.0)
    assert replay.during(180, 0.0)[-1] == replay.running == 1


def test_never_fewer_than_the_least_nor_more_than_the_most():
    replay = quiet(least=2, most=3)
    assert max(replay.during(300, 1e6)) == 3
    assert min(replay.during(300, 0.0)) == 2


def test_at_most_half_is_taken_away_in_one_decision():
    replay = quiet(least=1, most=60)
    replay.during(120, 20.0)
    ready = replay.running
    for _ in range(100):
        wanted = replay.look(0.0)
        assert wanted >= ready // 2
        ready = replay.running
    assert ready < 20


def test_a_load_that_flaps_does_not_make_replicas_flap():
    replay = quiet()
    wanted = [replay.look(load) for _ in range(100) for load in (4.0, 4.0, 0.0, 0.0)]
    settled = wanted[20:]
    assert len(set(settled)) == 1


def test_without_any_figures_nothing_changes_except_that_the_least_run():
    replay = quiet(least=1)
    replay.during(30, 4.0)
    before = replay.running
    assert set(replay.during(120, None)) == {before}
    assert Replay(least=2).decider.decide(1000, 0, None).replicas == 2


def test_after_a_gap_nothing_is_taken_away_until_most_of_a_minute_is_known():
    replay = quiet()
    replay.during(120, 4.0)
    replay.during(120, None)
    assert set(replay.during(40, 0.0)) == {replay.running}
    assert replay.during(120, 0.0)[-1] == 1


def test_figures_that_come_now_and_then_are_enough():
    replay = quiet()
    wanted = [replay.look(2.5 if look % 2 else None) for look in range(120)]
    assert wanted[-1] == 4


def answer(work: float, processor: float = 0.0) -> dict[str, float]:
    """Return what a replica answers that has so many seconds of work behind it."""
    return counters(
        f"work_seconds_total {work}\nprocess_cpu_seconds_total {processor}\nother 1.0\n"
    )


def test_the_load_is_what_the_counters_grew_by_over_all_replicas():
    loads = Loads()
    assert loads.total(0, {"a": answer(10), "b": answer(0)}) is None
    assert loads.total(2, {"a": answer(13), "b": answer(1)}) == 2.0


def test_a_quick_model_shows_in_the_processor_that_it_uses():
    loads = Loads()
    loads.total(0, {"a": answer(0, 5)})
    assert loads.total(2, {"a": answer(0.4, 6.8)}) == pytest.approx(0.9)


def test_a_replica_that_started_anew_is_not_counted_for_one_look():
    loads = Loads()
    loads.total(0, {"a": answer(100), "b": answer(100)})
    assert loads.total(2, {"a": answer(102), "b": answer(0)}) == 1.0
    assert loads.total(4, {"a": answer(104), "b": answer(2)}) == 2.0


def test_one_that_does_not_answer_counts_as_before_for_a_few_seconds_and_then_not():
    loads = Loads()
    loads.total(0, {"a": answer(0), "b": answer(0)})
    loads.total(2, {"a": answer(2), "b": answer(4)})
    assert loads.total(4, {"a": answer(4)}) == 3.0
    assert loads.total(2 + KEPT, {"a": answer(2 + KEPT)}) == 1.0
    assert loads.total(100, {}) is None


@pytest.mark.parametrize("lie", ["NaN", "+Inf", "-5", "1e300"])
def test_one_that_lies_is_not_believed(lie):
    loads, lies = Loads(), answer(float(lie))
    loads.total(0, {"a": answer(0), "b": answer(0)})
    assert loads.total(2, {"a": answer(2), "b": lies}) == 1.0
    assert loads.total(4, {"a": answer(4), "b": lies}) in (1.0, pytest.approx(1.0))


def test_one_that_lies_within_reason_costs_at_most_all_replicas_and_a_minute():
    replay = quiet(most=4)
    assert max(replay.during(2, LIKELY)) == 4
    assert replay.during(180, 0.1)[-1] == 1


@pytest.mark.parametrize("text", ["", "<html>", "work_seconds_total\n", "work_seconds_total x\n"])
def test_what_is_no_replicas_metrics_is_no_answer(text):
    with pytest.raises(ValueError, match=r"metrics|float"):
        counters(text)


def one(number: int, state: str) -> Container:
    return Container(f"lake-prediction-{number}", state != "stopped", state == "well")


@pytest.mark.parametrize(
    ("states", "wanted", "started", "stopped"),
    [
        (["well", "well"], 2, [], []),
        (["well", "stopped", "stopped"], 2, [2], []),
        (["stopped", "stopped", "stopped"], 2, [1, 2], []),
        (["well", "ill", "stopped"], 2, [3], []),
        (["well", "ill"], 2, [], []),
        (["well", "well", "well"], 1, [], [3]),
        (["well", "well", "ill"], 1, [], [2]),
        (["well", "ill"], 1, [], []),
        ([], 2, [], []),
    ],
)
def test_what_is_missing_is_started_and_one_at_a_time_is_stopped(states, wanted, started, stopped):
    replicas = [one(number, state) for number, state in enumerate(states, 1)]
    assert [replica.number for replica in to_start(replicas, wanted)] == started
    assert [replica.number for replica in to_stop(replicas, wanted)] == stopped


@pytest.mark.parametrize("file", sorted(RECORDED.glob("*.json")), ids=lambda file: file.stem)
def test_recorded_gauges_lead_to_what_was_decided_then(file):
    recorded = json.loads(file.read_text())
    loads, decider = Loads(), Decider(recorded["least"], recorded["most"])
    for look in recorded["looks"]:
        load = loads.total(look["time"], look["gauges"])
        assert decider.decide(look["time"], look["running"], load).replicas == look["wanted"], look
