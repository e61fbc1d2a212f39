"""Storage or database away: prediction keeps answering, and everything recovers by itself."""

from running import FLIGHT, until


def test_prediction_goes_on_without_storage_and_loses_no_answer(stack, api):
    stack.compose("stop", "storage")
    try:
        ids = [
            api.post("/v1/predict", json=FLIGHT).raise_for_status().json()["id"] for _ in range(20)
        ]
    finally:
        stack.compose("start", "storage")

    def stored() -> bool:
        code = (
            "from core.storage import bucket, names, read\n"
            "store = bucket('predictions')\n"
            "print(*(read(store, name).decode() for name in names(store, 'live')))"
        )
        text = stack.inside("processing", code)
        return all(answer_id in text for answer_id in ids)

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
        until(
            lambda: api.post("/v1/predict", json=FLIGHT).status_code == 503,
            60,
            "it says that there is no model",
        )
        assert api.post("/v1/predict", json=FLIGHT).json()["detail"]
    finally:
        stack.compose("start", "storage")
    reply = until(
        lambda: api.post("/v1/predict", json=FLIGHT).status_code == 200, 60, "it recovers by itself"
    )
    assert reply
    stack.compose("up", "--detach", "--wait", "--wait-timeout", "180")
