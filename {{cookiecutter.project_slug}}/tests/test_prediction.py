"""The service as its callers see it: a real model, a folder as storage, no network."""

import json
import re
import time
import uuid
from pathlib import Path
from typing import get_args

import pytest
from prometheus_client import REGISTRY
from pydantic import NaiveDatetime

from core.inference import alike
from core.keys import add, make_key, revoke
from core.schema import CLASS_NAMES, CLASSES, class_name
from model.schema import Question
from prediction.api import MOST_REPORTS
from prediction.metrics import SECONDS
from tests.problem import assert_problem
from tests.small_model import ASKED, HAPPENED


def test_the_champion_answers(serving, ask):
    answer = ask().json()
    assert answer.pop("id") and answer.pop("model") == "20130331-aaaaaaaa"
    expected = serving.champions.current.card["example"]["answer"]
    assert answer == (expected if CLASSES else {"prediction": expected})


def test_every_answer_is_stored_once_with_its_question_and_client(serving, ask):
    answers = [ask().json() for _ in range(3)]
    serving.journal.sweep()
    stored = serving.stored("live")
    assert sorted(record["id"] for record in stored) == sorted(answer["id"] for answer in answers)
    answer_fields = {"prediction", "probabilities"} if CLASSES else {"prediction"}
    assert stored[0].keys() == {"id", "time", "model", "key", "question", "client"} | answer_fields
    assert stored[0]["client"] == "owner"
    assert Question.model_validate_json(json.dumps(stored[0]["question"]))


def test_a_batch_gets_the_answers_that_single_questions_get(serving, ask):
    batch = ask("/v1/predict/batch", {"questions": [ASKED] * 3}).json()
    single = ask().json()
    assert batch["model"] == single.pop("model") and len(batch["predictions"]) == 3
    for answer in batch["predictions"]:
        assert answer.keys() == single.keys()
        assert (
            alike(answer, single) if CLASSES else alike(answer["prediction"], single["prediction"])
        )
    assert len({answer["id"] for answer in serving.stored("live")}) == 4


def test_outcomes_are_stored_one_or_many(serving, ask):
    id = ask().json()["id"]
    assert ask("/v1/outcomes", {"id": id, "actual": HAPPENED}).json() == {"accepted": 1}
    reply = ask(
        "/v1/outcomes", [{"key": "some/key", "actual": HAPPENED}, {"id": id, "actual": HAPPENED}]
    )
    assert reply.status_code == 202 and reply.json() == {"accepted": 2}
    assert [record["actual"] for record in serving.stored("outcomes")] == [HAPPENED] * 3


@pytest.mark.usefixtures("serving")
def test_the_card_can_be_read_with_a_key_and_inside_without(ask):
    assert ask("/v1/model", None).json() == ask("/model", None, key=None).json()
    assert ask("/v1/model", None).json()["example"]["question"] == ASKED


A_FIELD = next(name for name, field in Question.model_fields.items() if field.is_required())

WRONG_QUESTIONS = [
    ("", 400, "empty"),
    ("{", 400, "not JSON"),
    (b"\xff\xfe", 400, "not JSON"),
    ("[" * 10_000, 400, "not JSON"),
    ("[" * 100_000, 422, "fewer at a time"),
    ("[1]", 422, "body: must be an object"),
    ("{}", 422, f"{A_FIELD}: is missing; it must be "),
    (ASKED | {A_FIELD: {}}, 422, f"{A_FIELD}: must be "),
    (ASKED | {A_FIELD: None}, 422, f"{A_FIELD}: must be "),
    (
        ASKED | {"tail": "N1"},
        422,
        f"tail: is not known; the fields are {', '.join(Question.model_fields)}",
    ),
]


@pytest.mark.parametrize(
    ("body", "status", "sentence"), WRONG_QUESTIONS, ids=lambda value: str(value)[:20]
)
def test_a_wrong_question_is_told_what_is_wrong_and_what_it_must_be(
    serving, ask, body, status, sentence
):
    assert_problem(ask(body=body), status, sentence)
    assert serving.stored("live") == []


@pytest.mark.usefixtures("serving")
@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("/v1/predict/batch", {"questions": []}, "questions: "),
        ("/v1/predict/batch", {"questions": [ASKED] * 1001}, "questions: "),
        (
            "/v1/predict/batch",
            {"questions": [ASKED, ASKED | {A_FIELD: {}}]},
            f"questions[1].{A_FIELD}: must be",
        ),
        ("/v1/predict/batch", {"questions": [{}] * 30}, "There may be more"),
        ("/v1/outcomes", {"actual": HAPPENED}, "give either the id of the prediction or the key"),
        ("/v1/outcomes", {"id": "one", "actual": HAPPENED}, "id: "),
        ("/v1/outcomes", [{"key": "a", "actual": "no such"}], "[0].actual: must be "),
    ],
)
def test_a_wrong_batch_or_outcome_names_the_place(ask, path, body, sentence):
    assert_problem(ask(path, body), 422, sentence)


@pytest.mark.usefixtures("serving")
def test_a_large_body_is_refused_before_it_is_read(ask):
    assert_problem(ask(body=b" " * (2**20 + 1)), 413, "1 MiB")
    assert_problem(ask(body=(b" " * 2**16 for _ in range(200))), 413, "1 MiB")
    assert ask(body=json.dumps(ASKED).ljust(2**20)).status_code == 200


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
    entries = [
        entry | {"expires": "2013-01-01T00:00:00+00:00"}
        for entry in json.loads(serving.key_file.read_text())
    ]
    serving.key_file.write_text(json.dumps(entries))
    assert_problem(ask(key=key), 401, "expired at 2013-01-01")


def test_a_damaged_key_file_shuts_nobody_out_or_in(serving, ask):
    assert ask().status_code == 200
    serving.key_file.write_text("[{")
    assert ask().status_code == 200
    assert ask(key=make_key()).status_code == 401


@pytest.mark.usefixtures("serving")
def test_what_does_not_exist_is_a_problem_too(ask):
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


def test_counters_begin_before_what_they_count_because_monitoring_sees_only_steps(serving, ask):
    exposed = ask("/metrics", None, key=None).text
    for path in ("/v1/predict", "/v1/predict/batch", "/v1/outcomes"):
        for status in (202 if path == "/v1/outcomes" else 200, 400, 401, 403, 413, 422, 500, 503):
            assert f'requests_total{{path="{path}",status="{status}"}}' in exposed
    serving.promote("20130630-dddddddd")
    exposed = ask("/metrics", None, key=None).text
    assert 'predictions_total{model="20130630-dddddddd"} 0.0' in exposed
    by_value = [f'predictions_by_class_total{{label="{name}"' for name in CLASS_NAMES]
    for metric in by_value or ['predictions_value_count{model="20130630-dddddddd"} 0.0']:
        assert metric in exposed
    assert "_created" not in exposed


@pytest.mark.parametrize(
    ("since", "least", "most"), [(None, 0, 1), (-3, 3, 4), (-90, 0, 1), (9, 0, 1), ("x", 0, 1)]
)
@pytest.mark.usefixtures("serving")
def test_an_answer_takes_as_long_as_the_client_waits_by_the_gateway_s_clock(
    ask, since, least, most
):
    def seconds() -> float:
        return counted("request_seconds_sum", path="/v1/predict")

    stamp = since if since in (None, "x") else str(int((time.time() + since) * 1000))
    before = seconds()
    ask(headers={"X-Received": stamp} if stamp else {})
    assert least <= seconds() - before < most


def test_the_time_that_is_promised_is_one_that_is_counted():
    objectives = Path("monitoring/objectives.yml").read_text(encoding="utf-8")
    (seconds,) = re.findall(r'le: "([0-9.]+)"', objectives)
    assert float(seconds) in SECONDS and str(float(seconds)) == seconds


@pytest.mark.usefixtures("serving")
def test_what_was_asked_and_answered_is_counted(ask):
    before = counted("predictions_total", model="20130331-aaaaaaaa")
    answers = counted("answers_total")
    refused = counted("requests_total", path="/v1/predict", status="422")
    ask()
    ask("/v1/predict/batch", {"questions": [ASKED, ASKED]})
    ask(body="{}")
    assert counted("predictions_total", model="20130331-aaaaaaaa") == before + 3
    assert counted("answers_total") == answers + 3
    assert counted("requests_total", path="/v1/predict", status="422") == refused + 1
    assert 'champion_info{version="20130331-aaaaaaaa"} 1.0' in ask("/metrics", None, key=None).text


@pytest.mark.usefixtures("serving")
def test_the_openapi_page_and_its_example_come_from_here(ask):
    page = ask("/docs", None, key=None)
    assert "http" not in page.text and "<script>" not in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]
    for asset in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert ask(f"/{asset}", None, key=None).status_code == 200
    described = ask("/openapi.json", None, key=None).json()
    takes = described["paths"]["/v1/predict"]["post"]["requestBody"]["content"]["application/json"]
    assert ask(body=takes["example"]).status_code == 200
    assert described["paths"]["/v1/predict"]["post"]["security"] == [{"Bearer": []}]


@pytest.mark.usefixtures("serving")
@pytest.mark.skipif(not CLASSES, reason="the outcome in model/schema.py is a number, not a class")
def test_the_classes_stand_in_the_description_and_in_what_a_wrong_outcome_is_told(ask):
    schemas = ask("/openapi.json", None, key=None).json()["components"]["schemas"]
    properties = schemas["Answer"]["properties"]
    assert properties["prediction"].get("type") == "boolean" or properties["prediction"][
        "enum"
    ] == list(CLASSES)
    assert properties["probabilities"]["propertyNames"]["enum"] == list(CLASS_NAMES)
    named = "true or false" if CLASSES == (False, True) else ", ".join(map(json.dumps, CLASSES))
    assert_problem(ask("/v1/outcomes", {"key": "a", "actual": "no such"}), 422, named)
    answer = ask().json()
    assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert max(answer["probabilities"], key=answer["probabilities"].get) == class_name(
        answer["prediction"]
    )
    label = {"model": answer["model"], "label": class_name(answer["prediction"])}
    assert counted("predictions_by_class_total", **label) > 0


def test_every_reference_of_the_description_leads_somewhere(ask):
    described = ask("/openapi.json", None, key=None).text
    schemas = json.loads(described)["components"]["schemas"]
    assert set(re.findall(r'"#/components/schemas/(\w+)"', described)) <= schemas.keys()


@pytest.mark.parametrize("path", ["/v1/predict/", "/v1/model/", "/docs/"])
@pytest.mark.usefixtures("serving")
def test_nothing_redirects_because_it_would_be_to_plain_http(ask, path):
    assert_problem(ask(path), 404, "There is nothing here")


@pytest.mark.usefixtures("serving")
def test_an_upgrade_is_refused_and_ends_the_connection(ask):
    reply = ask(headers={"Connection": "Upgrade", "Upgrade": "h2c"})
    assert_problem(reply, 400, "Upgrade")
    assert reply.headers["connection"] == "close"


def test_a_program_with_any_key_gets_the_description(serving, ask):
    reader = add(serving.key_file, "reader", ["model"])
    described = ask("/v1/openapi.json", None, key=reader).json()
    assert described == ask("/openapi.json", None, key=None).json()
    assert_problem(ask("/v1/openapi.json", None, key=None), 401, "Authorization: Bearer KEY")
    assert ask("/key", None, key=reader).status_code == 200
    assert ask("/key", None, key=make_key()).status_code == 401


@pytest.mark.usefixtures("serving")
def test_a_report_names_an_answer_of_this_service_or_a_key_and_never_both(ask):
    id = ask().json()["id"]
    for named in ({}, {"id": None, "key": None}, {"id": id, "key": "a"}):
        assert_problem(ask("/v1/outcomes", named | {"actual": HAPPENED}), 422, "either the id")
    for id_of_others in (str(uuid.uuid4()), "f" + id[1:]):
        reply = ask("/v1/outcomes", {"id": id_of_others, "actual": HAPPENED})
        assert_problem(reply, 422, "must be the id of an answer")
    schema = ask("/openapi.json", None, key=None).json()["components"]["schemas"]["Report"]
    assert [option["required"] for option in schema["oneOf"]] == [["id"], ["key"]]


def test_a_local_time_is_not_called_a_date_time(ask):
    text = ask("/openapi.json", None, key=None).text
    kinds = [field.annotation for field in Question.model_fields.values()]
    local = any(NaiveDatetime in (kind, *get_args(kind)) for kind in kinds)
    assert '"date-time"' not in text and ('"date-time-local"' in text) == local


@pytest.mark.usefixtures("serving")
def test_more_reports_than_fit_are_refused(ask):
    many = [{"key": "a", "actual": HAPPENED}] * (MOST_REPORTS + 1)
    assert_problem(ask("/v1/outcomes", many), 422, "Send at most 10,000")
    assert ask("/v1/outcomes", many[1:]).json() == {"accepted": MOST_REPORTS}
