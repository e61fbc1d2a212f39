"""The service as its callers see it: a real model, a folder as storage, no network."""

import json
import re

import pytest
from fastapi.testclient import TestClient
from prometheus_client import REGISTRY

from core.keys import add, make_key, revoke
from model.schema import Question
from tests.replica import Replica
from tests.small_model import ASKED


@pytest.fixture
def replica(tmp_path):
    return Replica(tmp_path)


@pytest.fixture
def ask(replica):
    """Send a request with the owner's key; a dict or list is sent as JSON."""
    with TestClient(replica.app, raise_server_exceptions=False) as client:

        def send(path="/v1/predict", body=ASKED, key=replica.key):
            content = json.dumps(body) if isinstance(body, dict | list) else body
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            return client.request("GET" if body is None else "POST", path, content=content, headers=headers)

        yield send


@pytest.fixture
def serving(replica, ask):
    replica.promote("20130331-aaaaaaaa")
    return replica


def test_the_champion_answers(serving, ask):
    answer = ask().json()
    assert answer["model"] == "20130331-aaaaaaaa"
    assert answer["prediction"] == pytest.approx(20 + 2475 / 8, abs=10)


def test_every_answer_is_stored_once_with_its_question_and_client(serving, ask):
    answers = [ask().json() for _ in range(3)]
    serving.journal.sweep()
    stored = serving.stored("live")
    assert sorted(one["id"] for one in stored) == sorted(answer["id"] for answer in answers)
    assert stored[0].keys() == {"id", "time", "model", "key", "question", "prediction", "client"}
    assert stored[0]["client"] == "owner" and stored[0]["key"] == "2013-04-01/UA/223/JFK"
    assert Question.model_validate_json(json.dumps(stored[0]["question"]))


def test_a_batch_gets_the_answers_that_single_questions_get(serving, ask):
    questions = [ASKED | {"distance": miles} for miles in (100, 900, 2900)]
    batch = ask("/v1/predict/batch", {"questions": questions}).json()
    singles = [ask(body=question).json()["prediction"] for question in questions]
    assert [one["prediction"] for one in batch["predictions"]] == pytest.approx(singles)
    assert {one["id"] for one in batch["predictions"]} <= {one["id"] for one in serving.stored("live")}


def test_outcomes_are_stored_one_or_many(serving, ask):
    id = ask().json()["id"]
    assert ask("/v1/outcomes", {"id": id, "actual": 330}).json() == {"accepted": 1}
    reply = ask("/v1/outcomes", [{"key": "2013-04-01/UA/223/JFK", "actual": 331.5}, {"id": id, "actual": 330}])
    assert reply.status_code == 202 and reply.json() == {"accepted": 2}
    assert [one["actual"] for one in serving.stored("outcomes")] == [330, 331.5, 330]


def test_the_card_can_be_read_with_a_key_and_inside_without(serving, ask):
    assert ask("/v1/model", None).json() == ask("/model", None, key=None).json()
    assert ask("/v1/model", None).json()["example"]["question"] == ASKED


WRONG_QUESTIONS = [
    ("", 400, "empty"),
    ("{", 400, "not JSON"),
    (b"\xff\xfe", 400, "not JSON"),
    ("[" * 100_000, 400, "not JSON"),
    ("[1]", 422, "body: must be an object"),
    ("{}", 422, "distance: is missing; it must be a number from 10 to 10,000 miles, such as 2475"),
    (ASKED | {"distance": 9}, 422, "distance: must be a number from 10 to 10,000 miles"),
    (ASKED | {"distance": "2475"}, 422, "distance: must be a number"),
    (ASKED | {"distance": None}, 422, "distance: must be a number"),
    (json.dumps(ASKED | {"distance": float("nan")}), 422, "distance: must be a number"),
    (json.dumps(ASKED | {"distance": float("inf")}), 422, "distance: must be a number"),
    (json.dumps(ASKED).replace("2475", "1e999"), 422, "distance: must be a number"),
    (json.dumps(ASKED).replace("223", "9" * 50), 422, "flight: must be a whole number from 1 to 9,999"),
    (ASKED | {"flight": True}, 422, "flight: must be a whole number"),
    (ASKED | {"origin": "jfk"}, 422, "origin: must be text of the form ^[A-Z]{3}$, such as JFK"),
    (ASKED | {"origin": "JFK\n"}, 422, "origin: must be text"),
    (ASKED | {"departure": "2013-04-01T09:15:00Z"}, 422, "departure: must be a date and time without a time zone"),
    (ASKED | {"departure": 1364800000}, 422, "departure: must be a date and time"),
    (ASKED | {"departure": "1800-01-01T00:00:00"}, 422, "without a time zone from 1990-01-01T00:00:00 to"),
    (ASKED | {"tail": "N1"}, 422, "tail: is not known; the fields are departure, origin, dest"),
]


@pytest.mark.parametrize(("body", "status", "sentence"), WRONG_QUESTIONS)
def test_a_wrong_question_is_told_what_is_wrong_and_what_it_must_be(serving, ask, body, status, sentence):
    assert_problem(ask(body=body), status, sentence)
    assert serving.stored("live") == []


def assert_problem(reply, status: int, sentence: str) -> None:
    problem = reply.json()
    assert reply.status_code == problem["status"] == status
    assert reply.headers["content-type"] == "application/problem+json"
    said = [problem["detail"], *(f"{one['field']}: {one['message']}" for one in problem.get("errors", []))]
    assert any(sentence in one for one in said), said


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("/v1/predict/batch", {"questions": []}, "questions: "),
        ("/v1/predict/batch", {"questions": [ASKED] * 1001}, "questions: "),
        ("/v1/predict/batch", {"questions": [ASKED, ASKED | {"distance": 1}]}, "questions[1].distance: must be"),
        ("/v1/predict/batch", {"questions": [{}] * 30}, "130 more are not"),
        ("/v1/outcomes", {"actual": 330}, "give either the id of the prediction or the key"),
        ("/v1/outcomes", {"id": "one", "actual": 330}, "id: "),
        ("/v1/outcomes", [{"key": "a", "actual": 0}], "[0].actual: must be a number from 10 to 1,200 minutes"),
    ],
)
def test_a_wrong_batch_or_outcome_names_the_place(serving, ask, path, body, sentence):
    assert_problem(ask(path, body), 422, sentence)


def test_a_large_body_is_refused_before_it_is_read(serving, ask):
    assert_problem(ask(body=b" " * (2**20 + 1)), 413, "1 MiB")
    assert_problem(ask(body=(b" " * 2**16 for _ in range(200))), 413, "1 MiB")
    assert ask(body=json.dumps(ASKED) + " " * (2**20 - 200)).status_code == 200


def test_who_may_not_ask_is_told_why(serving, ask):
    limited = add(serving.key_file, "reader", ["model"])
    for key, status, sentence in [
        (None, 401, "Authorization: Bearer KEY"),
        ("secret", 401, "not a whole API key"),
        (make_key(), 401, "not known"),
        (limited, 403, "lacks the right `predict`; it has model"),
    ]:
        reply = ask(key=key)
        assert_problem(reply, status, sentence)
        assert status == 403 or reply.headers["www-authenticate"] == "Bearer"
    assert ask("/v1/model", None, key=limited).status_code == 200


def test_a_revoked_key_stops_working(serving, ask):
    key = add(serving.key_file, "shop", ["predict"])
    assert ask(key=key).status_code == 200
    revoke(serving.key_file, "shop")
    assert ask(key=key).status_code == 401


def test_an_expired_key_stops_working(serving, ask):
    key = add(serving.key_file, "guest", ["predict"], days=1)
    assert ask(key=key).status_code == 200
    entries = [entry | {"expires": "2013-01-01T00:00:00+00:00"} for entry in json.loads(serving.key_file.read_text())]
    serving.key_file.write_text(json.dumps(entries))
    assert_problem(ask(key=key), 401, "expired at 2013-01-01")


def test_a_damaged_key_file_shuts_nobody_out_or_in(serving, ask):
    assert ask().status_code == 200
    serving.key_file.write_text("[{")
    assert ask().status_code == 200
    assert ask(key=make_key()).status_code == 401


def test_what_does_not_exist_is_a_problem_too(serving, ask):
    assert_problem(ask("/v2/predict"), 404, "/docs")
    reply = ask("/v1/predict", None)
    assert_problem(reply, 405, "/docs")
    assert reply.headers["allow"] == "POST"


def test_an_error_inside_tells_nothing_of_the_inside(serving, ask, monkeypatch):
    monkeypatch.setattr(serving.champions.current, "session", None)
    reply = ask()
    assert_problem(reply, 500, "Something went wrong here")
    assert "NoneType" not in reply.text


def counted(name: str, **labels) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_what_was_asked_and_answered_is_counted(serving, ask):
    before = counted("predictions_total", model="20130331-aaaaaaaa")
    refused = counted("requests_total", path="/v1/predict", status="422")
    ask()
    ask("/v1/predict/batch", {"questions": [ASKED, ASKED]})
    ask(body="{}")
    assert counted("predictions_total", model="20130331-aaaaaaaa") == before + 3
    assert counted("requests_total", path="/v1/predict", status="422") == refused + 1
    assert 'champion_info{version="20130331-aaaaaaaa"} 1.0' in ask("/metrics", None, key=None).text


def test_the_openapi_page_and_its_example_come_from_here(serving, ask):
    page = ask("/docs", None, key=None)
    assert "http" not in page.text and "<script>" not in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]
    for asset in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert ask(f"/{asset}", None, key=None).status_code == 200
    described = ask("/openapi.json", None, key=None).json()
    takes = described["paths"]["/v1/predict"]["post"]["requestBody"]["content"]["application/json"]
    assert ask(body=takes["example"]).status_code == 200
    distance = described["components"]["schemas"]["Question"]["properties"]["distance"]
    assert (distance["minimum"], distance["maximum"], distance["unit"]) == (10, 10_000, "miles")
    assert "miles" in distance["description"]
    assert "in minutes" in described["components"]["schemas"]["Answer"]["properties"]["prediction"]["description"]
    assert described["paths"]["/v1/predict"]["post"]["security"] == [{"Bearer": []}]


def test_every_reference_of_the_description_leads_somewhere(ask):
    described = ask("/openapi.json", None, key=None).text
    schemas = json.loads(described)["components"]["schemas"]
    assert set(re.findall(r'"#/components/schemas/(\w+)"', described)) <= schemas.keys()
