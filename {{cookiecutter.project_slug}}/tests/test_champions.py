"""The model that answers, and what happens when there is a doubt about a new one."""

import re

import pytest
from fastapi.testclient import TestClient
from prometheus_client import REGISTRY

from core.schema import CLASS_NAMES, CLASSES
from tests.small_model import ASKED, promote, publish

OLD, NEW = "20130331-aaaaaaaa", "20130430-bbbbbbbb"


@pytest.fixture
def client(replica):
    headers = {"Authorization": f"Bearer {replica.key}"}
    with TestClient(replica.app, raise_server_exceptions=False, headers=headers) as client:
        yield client


def test_without_a_model_it_says_so_and_is_well_and_recovers(replica, client):
    reply = client.post("/v1/predict", json=ASKED)
    assert reply.status_code == 503 and "No model has been published yet" in reply.json()["detail"]
    assert reply.headers["retry-after"]
    assert client.get("/health").status_code == 200
    replica.promote(OLD)
    assert client.post("/v1/predict", json=ASKED).json()["model"] == OLD


def test_the_first_model_answers_on_every_replica_as_soon_as_it_is_promoted(replica, client):
    """Another replica may have answered; from then on no reply says that there is no model."""
    publish(replica.models, OLD)
    for path in ("/v1/predict", "/v1/predict/batch"):
        body = ASKED if path == "/v1/predict" else {"questions": [ASKED]}
        assert client.post(path, json=body).status_code == 503
    promote(replica.models, OLD)
    assert client.post("/v1/predict", json=ASKED).json()["model"] == OLD


def test_a_model_that_is_there_already_is_loaded_before_the_first_request(replica):
    publish(replica.models, OLD)
    promote(replica.models, OLD)
    with TestClient(replica.app) as client:
        assert client.get("/health").json()["model"] == OLD


def test_a_promotion_swaps_the_model_and_a_rollback_brings_the_old_one_back(replica, client):
    replica.promote(OLD)
    first = client.post("/v1/predict", json=ASKED).json()
    replica.promote(NEW, shift=1)
    second = client.post("/v1/predict", json=ASKED).json()
    promote(replica.models, OLD)
    replica.champions.look()
    third = client.post("/v1/predict", json=ASKED).json()
    assert [answer["model"] for answer in (first, second, third)] == [OLD, NEW, OLD]
    assert re.findall("champion_info{.*", client.get("/metrics").text) == [
        f'champion_info{{version="{OLD}"}} 1.0'
    ]
    assert second["prediction"] != first["prediction"] == third["prediction"]


WRONG = (
    {"prediction": CLASSES[0], "probabilities": dict.fromkeys(CLASS_NAMES, 0.5)} if CLASSES else 0
)

DOUBTS = [
    ("checksum", {"checksum": "sha256:0"}),
    ("schema", {"fields": {"something": "else"}}),
    ("example", {"example": {"question": ASKED, "answer": WRONG}}),
    ("broken", {"example": None}),
]


@pytest.mark.parametrize(("cause", "wrong"), DOUBTS)
def test_on_any_doubt_the_old_model_goes_on_and_the_doubt_is_told_until_it_is_over(
    replica, client, caplog, cause, wrong
):
    replica.promote(OLD)
    replica.promote(NEW, **wrong)
    replica.champions.look()
    assert client.post("/v1/predict", json=ASKED).json()["model"] == OLD
    assert client.get("/health").status_code == 200
    assert REGISTRY.get_sample_value("champion_refused", {"reason": cause}) == 1
    assert len([line for line in caplog.messages if NEW in line and "refused" in line]) == 1
    promote(replica.models, OLD)
    replica.champions.look()
    assert REGISTRY.get_sample_value("champion_refused", {"reason": cause}) is None


def test_a_damaged_model_is_refused(replica, client):
    replica.promote(OLD)
    publish(replica.models, NEW)
    replica.models.put(f"versions/{NEW}/model.onnx", b"damaged")
    promote(replica.models, NEW)
    replica.champions.look()
    assert client.post("/v1/predict", json=ASKED).json()["model"] == OLD


def test_a_replica_that_trusts_no_model_is_not_well(replica, client):
    replica.promote(OLD, checksum="sha256:0")
    assert client.get("/health").status_code == 503
    assert client.post("/v1/predict", json=ASKED).status_code == 503
    replica.promote(NEW)
    assert client.get("/health").json()["model"] == NEW
