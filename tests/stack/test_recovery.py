"""Storage or database away: prediction goes on with what it has, and everything recovers by itself.
So does a run of the pipeline of which any part is killed.
"""

import os

from kills import VICTIMS, kill_in_a_run, recovered, seconds_to_success
from running import until

FLIGHT = {"departure": "2013-04-01T09:15:00", "origin": "JFK", "dest": "LAX", "carrier": "UA", "distance": 2475}


def test_prediction_goes_on_without_storage_and_loses_no_answer(stack, api):
    stack.compose("stop", "storage")
    try:
        ids = [api.post("/v1/predict", json=FLIGHT).raise_for_status().json()["id"] for _ in range(20)]
    finally:
        stack.compose("start", "storage")

    def stored() -> bool:
        code = (
            "from core.storage import bucket, names, read\n"
            "store = bucket('predictions')\n"
            "print(*(read(store, name).decode() for name in names(store, 'live')))"
        )
        text = stack.inside("processing", code)
        return all(one in text for one in ids)

    until(stored, 90, "the answers given meanwhile are stored")


def test_prediction_goes_on_without_the_database(stack, api):
    stack.compose("stop", "database")
    try:
        assert api.post("/v1/predict", json=FLIGHT).status_code == 200
    finally:
        stack.compose("start", "database")
    until(lambda: stack.sql("SELECT 1") == [["1"]], 60, "the database is back")


def test_a_replica_that_starts_without_storage_says_so_and_recovers(stack, api):
    stack.compose("stop", "storage")
    try:
        stack.compose("restart", "prediction")
        reply = until(lambda: api.post("/v1/predict", json=FLIGHT), 60, "some answer")
        until(lambda: api.post("/v1/predict", json=FLIGHT).status_code == 503, 60, "it says that there is no model")
        assert api.post("/v1/predict", json=FLIGHT).json()["detail"]
    finally:
        stack.compose("start", "storage")
    reply = until(lambda: api.post("/v1/predict", json=FLIGHT).status_code == 200, 60, "it recovers by itself")
    assert reply
    stack.compose("up", "--detach", "--wait", "--wait-timeout", "180")


KILLS = int(os.environ.get("KILLS", "3"))
"""`make soak` wants more."""


def test_whatever_is_killed_in_a_run_the_next_one_finishes_and_does_nothing_twice(stack, card):
    tried, kills = 0, []
    while len(kills) < KILLS:
        victim = VICTIMS[len(kills) % len(VICTIMS)]
        if at := kill_in_a_run(stack, victim, tried):
            kills.append((victim, at))
        tried += 1
        assert tried < 2 * KILLS + 3, f"only {len(kills)} of {tried} kills hit a run"
    found = recovered(stack)
    took = ", ".join(f"{victim} {seconds_to_success(stack, at):.0f}" for victim, at in kills)
    print(f"  {len(kills)} kills, all recovered; seconds from each kill to the end of a good run: {took}")
    assert found["reports"] == found["files"]
    assert found["accepted"] == found["stored"] == found["rows"]
    assert found["promotions"] == list(range(1, len(found["promotions"]) + 1))
    assert len(set(found["promoted"])) == len(found["promoted"])
    ((files, rows),) = stack.sql("SELECT count(*), sum(rows_accepted) FROM raw_files")
    assert (int(files), int(rows)) == (found["files"], found["accepted"])
    with stack.api() as api:
        assert api.post("/v1/predict", json=FLIGHT).json()["model"] in found["promoted"]
