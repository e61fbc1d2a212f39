"""The API as its clients see it, and where an answer is seen afterwards."""

import json
import time

import httpx
import pytest
from running import FLIGHT, until


def test_an_answer_is_a_time_in_the_air(api, card):
    answer = api.post("/v1/predict", json=FLIGHT | {"flight": 223}).raise_for_status().json()
    assert set(answer) == {"id", "prediction", "model"}
    assert answer["model"] == card["version"] or answer["model"]
    assert 270 < answer["prediction"] < 400


def test_the_example_gets_its_answer(api):
    card = api.get("/v1/model").json()
    answer = api.post("/v1/predict", json=card["example"]["question"]).json()
    assert answer["prediction"] == pytest.approx(card["example"]["answer"], rel=1e-4)


def test_a_destination_that_training_never_saw_is_answered(api):
    answer = (
        api.post("/v1/predict", json=FLIGHT | {"dest": "ANC", "distance": 3370})
        .raise_for_status()
        .json()
    )
    assert 200 < answer["prediction"] < 600


def test_many_questions_at_once_get_the_answers_that_each_gets_alone(api):
    questions = [
        FLIGHT | {"dest": dest, "distance": miles} for dest, miles in (("LAX", 2475), ("BOS", 187))
    ]
    together = (
        api.post("/v1/predict/batch", json={"questions": questions}).raise_for_status().json()
    )
    alone = [api.post("/v1/predict", json=question).json()["prediction"] for question in questions]
    assert [answer["prediction"] for answer in together["predictions"]] == pytest.approx(
        alone, rel=1e-5
    )


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (json.dumps({k: v for k, v in FLIGHT.items() if k != "origin"}), 422, ["origin"]),
        (json.dumps(FLIGHT | {"colour": "red"}), 422, ["colour"]),
        (json.dumps(FLIGHT | {"distance": -5}), 422, ["distance", "10"]),
        (json.dumps(FLIGHT | {"distance": "far"}), 422, ["distance"]),
        (json.dumps(FLIGHT | {"distance": "2475"}), 422, ["distance"]),
        (json.dumps(FLIGHT | {"departure": "soon"}), 422, ["departure"]),
        (json.dumps(FLIGHT).replace("2475", "NaN"), 400, []),
        ("[1, 2]", 422, []),
        ('{"departure": ', 400, []),
        ("", 400, []),
    ],
)
def test_a_bad_question_gets_a_sentence_that_names_what_is_wrong(api, body, status, words):
    reply = api.post("/v1/predict", content=body, headers={"Content-Type": "application/json"})
    assert reply.status_code in ((400, 422) if status == 400 else (status,))
    assert reply.headers["content-type"].startswith("application/problem+json")
    problem = reply.json()
    assert problem["status"] == reply.status_code and problem["title"]
    assert all(word in reply.text for word in words)


def test_a_hundred_megabytes_are_refused_without_being_read(stack):
    def endless():
        for _ in range(100):
            yield b" " * 2**20

    headers = {
        "Authorization": f"Bearer {stack.settings['API_KEY']}",
        "Content-Type": "application/json",
    }
    started = time.monotonic()
    try:
        reply = httpx.post(
            f"{stack.url}/v1/predict", content=endless(), headers=headers, timeout=60
        )
        assert reply.status_code == 413
        assert reply.headers["content-type"].startswith("application/problem+json")
    except httpx.WriteError:
        pass  # hung up on while still sending
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("key", ["", "slipway_wrong", "Zm9v"])
def test_without_a_right_key_nobody_gets_an_answer(stack, key):
    reply = httpx.post(
        f"{stack.url}/v1/predict",
        json=FLIGHT,
        headers={"Authorization": f"Bearer {key}"} if key else {},
    )
    assert reply.status_code == 401
    assert reply.headers["content-type"].startswith("application/problem+json")
    assert "Bearer" in reply.headers["www-authenticate"]


def test_a_key_is_made_used_and_revoked_within_seconds(stack):
    made = stack.make("key", "NAME=shop", "RIGHTS=predict")
    assert made.returncode == 0, made.stdout
    key = next(word for word in made.stdout.split() if word.startswith("slipway_"))
    assert key not in (stack.project / "access" / "api-keys.json").read_text()
    with stack.api(key) as client:
        until(
            lambda: client.post("/v1/predict", json=FLIGHT).status_code == 200,
            15,
            "the new key works",
        )
        until(
            lambda: client.post("/v1/outcomes", json={"id": "x", "actual": 1}).status_code == 403,
            15,
            "every replica has the new key, which may not report",
        )
        assert "shop" in stack.make("keys").stdout
        assert stack.make("revoke", "NAME=shop").returncode == 0
        until(
            lambda: client.post("/v1/predict", json=FLIGHT).status_code == 401,
            15,
            "the revoked key stops",
        )


def test_an_outcome_is_taken(api):
    asked = api.post("/v1/predict", json=FLIGHT).json()
    reply = api.post("/v1/outcomes", json=[{"id": asked["id"], "actual": 341}])
    assert (reply.status_code, reply.json()["accepted"]) == (202, 1)


def test_each_answer_is_stored_once_and_counted(stack, api, visitor):
    ids = [api.post("/v1/predict", json=FLIGHT).raise_for_status().json()["id"] for _ in range(20)]

    def stored() -> list[str]:
        code = (
            "from core.storage import bucket, names, read\n"
            "store = bucket('predictions')\n"
            "lines = [read(store, name).decode() for name in names(store, 'live')]\n"
            "print(''.join(lines))"
        )
        lines = [json.loads(line) for line in stack.inside("processing", code).splitlines() if line]
        return [line["id"] for line in lines]

    until(lambda: set(ids) <= set(stored()), 30, "all answers are stored")
    everything = stored()
    assert len(everything) == len(set(everything))

    def counted() -> float:
        reply = visitor.get(
            "/prometheus/api/v1/query", params={"query": "sum(predictions_total)"}
        ).json()
        series = reply["data"]["result"]
        return float(series[0]["value"][1]) if series else 0

    until(lambda: counted() >= 20, 60, "Prometheus has counted the answers")
    until(
        lambda: stack.sql("SELECT sum(predictions) FROM live_predictions")[0][0],
        240,
        "live summaries",
    )
