"""The boards and the metrics after the first start and a hundred questions.

Where Grafana's stand-in runs, queries are real, but how a panel looks can't be told.
"""

import re
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from running import firing, replicas, shown, targets, until, without_data


@pytest.mark.usefixtures("questions")
@pytest.mark.parametrize("uid", ["predictions", "pipeline", "machine"])
def test_every_panel_has_data(visitor, uid):
    queries = list(targets(visitor, uid))
    assert len(queries) >= 6

    def all_have_data() -> bool:
        missing = without_data(visitor, queries)
        assert not missing, missing
        return True

    until(all_have_data, 240, f"every panel of {uid} has data")


@pytest.mark.usefixtures("questions")
def test_each_question_is_counted_and_its_waiting_is_measured(visitor):
    queries = {title: (board, target) for board, title, target in targets(visitor, "predictions")}

    def newest(title: str) -> float:
        *_, last = shown(visitor, *queries[title])
        (value,) = [value for name, value in last.items() if name != "Time"]
        return float(value)

    until(lambda: newest("Answers in the time shown") >= 100, 60, "all questions are counted")
    until(lambda: newest("Stored live predictions") >= 100, 240, "and stored")
    assert 0 < newest("Latency, 99th percentile") < 5


def test_the_time_of_an_answer_is_what_the_client_waits_whatever_it_says_itself(stack, card):
    addresses, before = replicas(stack), seconds_of_answers(stack)
    own = {"X-Received": str(int((time.time() - 50) * 1000))}
    question = card["example"]["question"]
    stack.compose("pause", "prediction")
    try:
        with ThreadPoolExecutor() as pool, stack.api() as api:
            reply = pool.submit(api.post, "/v1/predict", json=question, headers=own, timeout=60)
            time.sleep(4)
            stack.compose("unpause", "prediction")
            reply.result().raise_for_status()
    finally:
        stack.compose("unpause", "prediction", check=False)
    assert replicas(stack) == addresses
    assert 3 < seconds_of_answers(stack) - before < 40


def seconds_of_answers(stack) -> float:
    """Return the sum of all waiting for single answers, over all replicas."""
    pages = [httpx.get(f"http://{address}:8000/metrics").text for address in replicas(stack)]
    found = re.findall(r'^request_seconds_sum{path="/v1/predict"} (.*)', "\n".join(pages), re.M)
    return sum(map(float, found))


def test_the_first_promotion_is_marked_on_the_boards(visitor, card):
    (board, *_), *_ = targets(visitor, "pipeline")
    marks = {mark["name"]: mark for mark in board["annotations"]["list"]}
    (mark,) = shown(visitor, board, marks["Promotions"]["target"])
    assert mark["text"].startswith(f"{card['version']} answers from now on. ")


def test_everything_is_measured(visitor):
    def all_up() -> bool:
        series = visitor.get("/prometheus/api/v1/query", params={"query": "up"}).json()["data"][
            "result"
        ]
        jobs = {value["metric"]["job"]: value["value"][1] for value in series}
        assert {
            "prediction",
            "storage",
            "gateway",
            "processing-metrics",
            "monitoring",
            "monitoring-machine",
        } <= jobs.keys()
        return set(jobs.values()) == {"1"}

    until(all_up, 60, "every target is up")


def test_no_alert_fires_in_a_platform_that_is_well(visitor):
    assert firing(visitor).keys() <= {"SlowAnswers"}, "of a busy machine that may be true"
