"""Strangers at the gate for a hundred thousand requests; any part of a run killed, again and again.

`make soak` gives them a stack of their own, because the second changes the champion.
"""

import os
from collections import Counter

from kills import VICTIMS, kill_in_a_run, recovered, seconds_to_success
from running import FLIGHT
from strangers import assert_logged_and_counted, restarts, served_beside_strangers

KILLS = int(os.environ.get("KILLS", "20"))
REQUESTS = int(os.environ.get("REQUESTS", "100000"))


def test_strangers_cost_nobody_else_anything(stack, visitor):
    visitor.get("/").raise_for_status()  # who has come in is not slowed by the guesses
    before = restarts(stack)
    quiet, beside, sent = served_beside_strangers(stack, FLIGHT, REQUESTS, rounds=10)
    print(f"  The strangers made {dict(sent)} connections.")
    assert quiet.wrong == beside.wrong == Counter()
    assert beside.p99 < 1.5 * quiet.p99
    assert restarts(stack) == before
    assert_logged_and_counted(stack, visitor)


def test_whatever_is_killed_in_a_run_the_next_one_finishes_and_does_nothing_twice(stack):
    tried, kills = 0, []
    while len(kills) < KILLS:
        victim = VICTIMS[len(kills) % len(VICTIMS)]
        if at := kill_in_a_run(stack, victim, tried):
            kills.append((victim, at))
        tried += 1
        assert tried < 2 * KILLS + 3, f"only {len(kills)} of {tried} kills hit a run"
    counts = recovered(stack)
    took = ", ".join(f"{victim} {seconds_to_success(stack, at):.0f}" for victim, at in kills)
    print(f"  {len(kills)} kills, all recovered; seconds from a kill to a good run's end: {took}")
    assert counts["reports"] == counts["files"]
    assert counts["accepted"] == counts["stored"] == counts["rows"]
    assert counts["promotions"] == list(range(1, len(counts["promotions"]) + 1))
    assert len(set(counts["promoted"])) == len(counts["promoted"])
    ((files, rows),) = stack.sql("SELECT count(*), sum(rows_accepted) FROM raw_files")
    assert (int(files), int(rows)) == (counts["files"], counts["accepted"])
    with stack.api() as api:
        assert api.post("/v1/predict", json=FLIGHT).json()["model"] in counts["promoted"]
