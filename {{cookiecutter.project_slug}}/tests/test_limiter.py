"""A replica that is asked for more than it can answer: what it takes on, and how it declines."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from prediction.limiter import LONGEST_WAIT, LONGEST_WORK, MOST_AHEAD
from tests.problem import assert_problem
from tests.small_model import ASKED

SLOW = 0.25
"""Seconds that an answer takes: a multiple of all that has to be quick meanwhile."""

slow = pytest.mark.parametrize("service", [SLOW], indirect=True)


@slow
def test_with_too_many_questions_those_accepted_are_answered_and_others_refused_at_once(service):
    many = 3 * round(MOST_AHEAD / SLOW)
    with ThreadPoolExecutor(many) as clients:
        asked = [clients.submit(service.ask) for _ in range(many)]
        time.sleep(1)
        looks = []
        while not all(one.done() for one in asked):
            begun = time.monotonic()
            assert service.healthy()
            looks.append(time.monotonic() - begun)
            time.sleep(0.05)
        replies = [one.result() for one in asked]
    answered = [took for status, _, took in replies if status == 200]
    refused = [(int(later), took) for status, later, took in replies if status == 503]
    assert len(answered) + len(refused) == many
    assert len(answered) >= 2  # as many as the processor is free for
    assert max(answered) < 3 * LONGEST_WAIT
    assert refused and min(later for later, _ in refused) >= 1
    assert sorted(took for _, took in refused)[len(refused) // 2] < MOST_AHEAD
    assert sorted(looks)[len(looks) // 2] < SLOW / 3
    assert service.metric("work_refused_total") == len(refused)
    assert service.metric("work_wait_seconds_count") >= len(answered)
    assert service.metric("work_waiting") == service.metric("work_computing") == 0


def wait_until(true, seconds: float = 30) -> None:
    """Look again until it is true."""
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends


@slow
def test_a_question_is_not_computed_when_its_client_has_gone(service):
    with ThreadPoolExecutor(2) as clients:
        staying = [clients.submit(service.ask) for _ in range(2)]
        wait_until(lambda: service.metric("work_waiting") == 1)
        leaving = service.begin_to_ask()
        wait_until(lambda: service.metric("work_waiting") == 2)
        leaving.close()
        assert [one.result()[0] for one in staying] == [200, 200]
    wait_until(lambda: service.metric("work_abandoned_total") == 1)
    assert service.metric("predictions_total") == 2


@slow
def test_the_time_that_requests_spend_waiting_counts_as_load(service):
    """Two that wait for a third are three at a time."""
    with ThreadPoolExecutor(3) as clients:
        took = [one.result()[2] for one in [clients.submit(service.ask) for _ in range(3)]]
    assert sum(took) / 2 < service.metric("work_seconds_total") <= sum(took)


def test_a_quick_question_needs_no_turn(service):
    assert service.ask()[0] == 200
    assert service.metric("work_wait_seconds_count") == 0
    assert service.metric("work_seconds_total") > 0


def test_a_batch_that_would_take_too_long_is_told_how_many_may_be_sent(replica, ask):
    replica.promote("20130331-aaaaaaaa", milliseconds=LONGEST_WORK * 1000 / 3)
    reply = ask("/v1/predict/batch", {"questions": [ASKED] * 4})
    assert_problem(reply, 422, "Send at most 3.")
    assert ask("/v1/predict/batch", {"questions": [ASKED] * 3}).status_code == 200


@pytest.mark.usefixtures("serving")
def test_while_the_event_loop_is_far_behind_the_api_declines_and_the_rest_answers(ask, monkeypatch):
    monkeypatch.setattr("prediction.limiter.LONGEST_LAG", -1.0)
    reply = ask()
    assert_problem(reply, 503, "Ask again")
    assert reply.headers["Retry-After"] == "1"
    assert ask("/health", None).status_code == ask("/metrics", None).status_code == 200
