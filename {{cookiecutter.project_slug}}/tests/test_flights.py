"""The replies to the example's own questions and outcomes; other use cases need none of this."""

import json
import time
from datetime import datetime, timedelta

import polars as pl
import pytest

from core import registry
from model import retraining, source
from model.schema import KEY, Question
from processing.rows.ingest import check_batch
from processing.steps import run_steps
from processing.training.candidate import version_of
from processing.training.window import newest_window
from tests.problem import assert_problem
from tests.small_model import ASKED

OURS = ["departure", "origin", "dest", "carrier", "distance", "flight"]
pytestmark = pytest.mark.skipif(
    list(Question.model_fields) != OURS, reason="model/ is about something else"
)

WRONG = [
    ("{}", 422, "distance: is missing; it must be a number from 10 to 10,000 miles, such as 2475"),
    (ASKED | {"distance": 9}, 422, "distance: must be a number from 10 to 10,000 miles"),
    (ASKED | {"distance": "2475"}, 422, "distance: must be a number"),
    (ASKED | {"distance": None}, 422, "distance: must be a number"),
    (json.dumps(ASKED | {"distance": float("nan")}), 422, "distance: must be a number"),
    (json.dumps(ASKED | {"distance": float("inf")}), 422, "distance: must be a number"),
    (json.dumps(ASKED).replace("2475", "1e999"), 422, "distance: must be a number"),
    (
        json.dumps(ASKED).replace("223", "9" * 50),
        422,
        "flight: must be a whole number from 1 to 9,999",
    ),
    (ASKED | {"flight": True}, 422, "flight: must be a whole number"),
    (ASKED | {"origin": "jfk"}, 422, "origin: must be text of the form ^[A-Z]{3}$, such as JFK"),
    (ASKED | {"origin": "J\nK"}, 422, "origin: must be text"),
    (
        ASKED | {"departure": "2013-04-01T09:15:00Z"},
        422,
        "departure: must be a date and time without a time zone",
    ),
    (ASKED | {"departure": 1364800000}, 422, "departure: must be a date and time"),
    (
        ASKED | {"departure": "1800-01-01T00:00:00"},
        422,
        "without a time zone from 1990-01-01T00:00:00 to",
    ),
]


@pytest.mark.parametrize(("body", "status", "sentence"), WRONG)
def test_a_wrong_flight_is_told_what_it_must_be(serving, ask, body, status, sentence):
    assert_problem(ask(body=body), status, sentence)
    assert serving.stored("live") == []


@pytest.mark.usefixtures("serving")
def test_an_outcome_out_of_bounds_is_told_them(ask):
    reply = ask("/v1/outcomes", [{"key": "a", "actual": 0}])
    assert_problem(reply, 422, "[0].actual: must be a number from 10 to 1,200 minutes")


def test_a_flight_is_known_by_its_day_carrier_number_and_airport(serving, ask):
    ask()
    assert KEY and serving.stored("live")[0]["key"] == "2013-04-01/UA/223/JFK"


@pytest.mark.usefixtures("serving")
def test_flights_of_a_batch_get_the_answers_that_each_gets_alone(ask):
    questions = [ASKED | {"distance": miles} for miles in (100, 900, 2900)]
    batch = ask("/v1/predict/batch", {"questions": questions}).json()
    singles = [ask(body=question).json()["prediction"] for question in questions]
    assert [answer["prediction"] for answer in batch["predictions"]] == pytest.approx(singles)
    assert len(set(singles)) == 3


def test_bounds_and_units_stand_in_the_description(ask):
    schemas = ask("/openapi.json", None, key=None).json()["components"]["schemas"]
    distance = schemas["Question"]["properties"]["distance"]
    assert (distance["minimum"], distance["maximum"], distance["unit"]) == (10, 10_000, "miles")
    assert "miles" in distance["description"]
    assert "in minutes" in schemas["Answer"]["properties"]["prediction"]["description"]


def test_an_impossible_time_is_missing_in_its_own_row_only():
    right = [(2013, 1, 31, 23, 59), (2012, 2, 29, 0, 0), (2013, 12, 1, 5, 7)]
    wrong = [
        (2013, 2, 29, 1, 0),
        (2013, 4, 31, 1, 0),
        (2013, 13, 1, 1, 0),
        (2013, 1, 0, 1, 0),
        (2013, 1, 1, 24, 0),
    ]
    wrong += [
        (2013, 1, 1, 1, 60),
        (2013, 1, 1, -1, 0),
        (2**40, 1, 1, 1, 0),
        (2013, 2**33 + 1, 1, 1, 0),
    ]
    wrong += [
        tuple(None if missing == part else 1 for part in source.CLOCK) for missing in source.CLOCK
    ]
    raw = pl.DataFrame(right + wrong, schema=dict.fromkeys(source.CLOCK, pl.Int64), orient="row")
    departures = source.to_rows(raw.lazy()).collect()["departure"].to_list()
    assert departures == [datetime(*time) for time in right] + [None] * len(wrong)


@pytest.mark.parametrize("origin", [" JFK", "JFK\n", "\u00a0JFK\ufeff", "JFK"])
def test_a_text_means_the_same_in_a_question_and_in_a_file(sample, origin):
    asked = Question.model_validate_json(json.dumps(ASKED | {"origin": origin}))
    row = sample.head(1).with_columns(origin=pl.lit(origin)).with_row_index("row", offset=1)
    (good, bad) = check_batch(row)
    assert len(bad) == 0 and asked.origin == good["origin"][0] == "JFK"


def test_long_flights_that_are_known_a_week_late_teach_and_judge_only_then(storage, monkeypatch):
    monkeypatch.setattr(retraining, "NEW_ROWS", retraining.Rule(timedelta(0), 1))
    january = source.month_of_flights("2013-01").sample(6_000, seed=0)
    week = (pl.col("day").cast(pl.Int64) - 1) // 7
    is_long = pl.col("air_time").cast(pl.Float64, strict=False) > 150
    for number in range(1, 4):
        now = january.filter(week == number if number > 1 else week <= number)
        told = pl.when(~is_long | (week < 1)).then("air_time").otherwise(pl.lit(""))
        late = january.filter(is_long, week == number - 1, week > 0)
        file = pl.concat([now.with_columns(air_time=told), late])
        storage("raw").put(f"week {number}", file.write_csv().encode())
        list(run_steps(without="raw"))
        time.sleep(1.1)  # storage tells arrivals to the second
    window = newest_window(storage("processed"))
    late = window.lateness
    assert 7 <= late.horizon <= 15 and late.missing > 0.2
    assert window.labelled.times[-1] <= datetime(2013, 1, 29) - timedelta(days=late.horizon)
    card = registry.card(storage("models"), version_of(window))
    assert (
        "larger" in card["outcomes"]["warning"] and card["twin"]["to"] < card["judged_on"]["from"]
    )
    assert card["window"]["to"] == card["judged_on"]["to"]
