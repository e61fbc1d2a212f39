"""What callers are told, word for word, about the table that the tests bring along."""

import json

import polars as pl
import pytest

from model.schema import Question
from processing.rows.ingest import check_batch
from tests.problem import assert_problem
from tests.small_model import ASKED

WRONG = [
    ("{}", 422, "pages: is missing; it must be a number from 1 to 10,000 sheets, such as 240"),
    (ASKED | {"pages": 0}, 422, "pages: must be a number from 1 to 10,000 sheets"),
    (ASKED | {"pages": "240"}, 422, "pages: must be a number"),
    (ASKED | {"pages": None}, 422, "pages: must be a number"),
    (json.dumps(ASKED | {"pages": float("nan")}), 422, "pages: must be a number"),
    (json.dumps(ASKED | {"pages": float("inf")}), 422, "pages: must be a number"),
    (json.dumps(ASKED).replace("240", "1e999"), 422, "pages: must be a number"),
    (
        json.dumps(ASKED).replace("17}", "9" * 50 + "}"),
        422,
        "job: must be a whole number from 1 to 9,999",
    ),
    (ASKED | {"job": True}, 422, "job: must be a whole number"),
    (ASKED | {"shop": "ulm"}, 422, "shop: must be text of the form ^[A-Z]{3}$, such as ULM"),
    (ASKED | {"shop": "U\nM"}, 422, "shop: must be text"),
    (
        ASKED | {"received": "2025-04-01T09:15:00Z"},
        422,
        "received: must be a date and time without a time zone",
    ),
    (ASKED | {"received": 1364800000}, 422, "received: must be a date and time"),
    (
        ASKED | {"received": "1800-01-01T00:00:00"},
        422,
        "without a time zone from 2000-01-01T00:00:00 to",
    ),
]


@pytest.mark.parametrize(("body", "status", "sentence"), WRONG)
def test_a_wrong_job_is_told_what_it_must_be(serving, ask, body, status, sentence):
    assert_problem(ask(body=body), status, sentence)
    assert serving.stored("live") == []


@pytest.mark.usefixtures("serving")
def test_an_outcome_out_of_bounds_is_told_them(ask):
    reply = ask("/v1/outcomes", [{"key": "a", "actual": 0}])
    assert_problem(reply, 422, "[0].actual: must be a number from 0.1 to 1,200 minutes")


def test_a_job_is_known_by_its_day_shop_and_number(serving, ask):
    ask()
    assert serving.stored("live")[0]["key"] == "2025-04-01/ULM/17"


@pytest.mark.usefixtures("serving")
def test_jobs_of_a_batch_get_the_answers_that_each_gets_alone(ask):
    questions = [ASKED | {"pages": sheets} for sheets in (20, 200, 900)]
    batch = ask("/v1/predict/batch", {"questions": questions}).json()
    singles = [ask(body=question).json()["prediction"] for question in questions]
    assert [answer["prediction"] for answer in batch["predictions"]] == pytest.approx(singles)
    assert len(set(singles)) == 3


def test_bounds_and_units_stand_in_the_description(ask):
    schemas = ask("/openapi.json", None, key=None).json()["components"]["schemas"]
    pages = schemas["Question"]["properties"]["pages"]
    assert (pages["minimum"], pages["maximum"], pages["unit"]) == (1, 10_000, "sheets")
    assert "sheets" in pages["description"]
    assert "in minutes" in schemas["Answer"]["properties"]["prediction"]["description"]


@pytest.mark.parametrize("shop", [" ULM", "ULM\n", "\u00a0ULM\ufeff", "ULM"])
def test_a_text_means_the_same_in_a_question_and_in_a_file(sample, shop):
    asked = Question.model_validate_json(json.dumps(ASKED | {"shop": shop}))
    row = sample.head(1).with_columns(shop=pl.lit(shop)).with_row_index("row", offset=1)
    (good, bad) = check_batch(row)
    assert len(bad) == 0 and asked.shop == good["shop"][0] == "ULM"
