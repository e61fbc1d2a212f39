"""Half bodies, hidden requests: what strangers and clumsy clients send costs nobody else."""

import json
import time
from collections import Counter
from contextlib import ExitStack, suppress

import pytest
from running import FLIGHT, run
from strangers import (
    HIDDEN,
    Raw,
    assert_logged_and_counted,
    restarts,
    served_beside_strangers,
)


def authorized(stack) -> str:
    return f"Authorization: Bearer {stack.settings['API_KEY']}"


def assert_others_are_answered(api, requests: int = 40) -> None:
    """Everyone else gets an answer at once: neither a refusal nor one that waited for a retry."""
    for _ in range(requests):
        begun = time.monotonic()
        assert api.post("/v1/predict", json=FLIGHT).status_code == 200
        assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    ("length", "sent", "with_key"),
    [
        (2**20, 2**20 - 1, False),
        (9_999, 9_998, False),
        (149_999, 149_998, True),
        (2**20, 2**20 - 1, True),
    ],
)
def test_ninety_bodies_that_never_end_stop_nobody(stack, api, length, sent, with_key):
    before, port = restarts(stack), stack.settings["GATEWAY_PORT"]
    headers = [f"Content-Length: {length}", *([authorized(stack)] if with_key else [])]
    with ExitStack() as open_connections:
        connections = [open_connections.enter_context(Raw(port)) for _ in range(90)]
        for connection in connections:
            with suppress(ConnectionError):  # refused before all was sent
                connection.send("/v1/predict/batch", *headers, body=b" " * sent)
        assert_others_are_answered(api)
    assert restarts(stack) == before


def test_a_stranger_is_refused_before_the_body_is_there(stack):
    for headers in (["Content-Length: 1000000"], ["Transfer-Encoding: chunked"]):
        begun = time.monotonic()
        with Raw(stack.settings["GATEWAY_PORT"]) as connection:
            connection.send("/v1/predict/batch", *headers)
            assert connection.status() == 401
        assert time.monotonic() - begun < 5


def test_broken_bodies_mark_no_replica_as_failed(stack, api):
    def broken(*headers: str, body: bytes):
        with Raw(stack.settings["GATEWAY_PORT"]) as connection:
            connection.send("/v1/predict", *headers, body=body)

    chunked = "Transfer-Encoding: chunked"
    for _ in range(10):
        broken(chunked, body=b"5\r\nhello\r\nZZ\r\n")
        broken(chunked, authorized(stack), body=b"5\r\nhello\r\nZZ\r\n")
        broken("Content-Length: 500", authorized(stack), body=b"{")
        broken("Content-Length: 50000", authorized(stack), body=b"{")
    assert_others_are_answered(api)


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize(
    "headers",
    [
        ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"],
        ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: a", "TE: trailers"],
        ["Expect: 100-continue"],
    ],
    ids=["h2c", "websocket", "expect"],
)
def test_a_request_stays_one_whatever_its_headers_offer(stack, headers):
    question = json.dumps(FLIGHT).encode()
    with Raw(stack.settings["GATEWAY_PORT"]) as connection:
        length = f"Content-Length: {len(question)}"
        connection.send("/v1/predict", authorized(stack), *headers, length)
        time.sleep(0.05)
        connection.socket.sendall(question)
        assert connection.status() == 200
    with Raw(stack.settings["GATEWAY_PORT"]) as connection:
        length = f"Content-Length: {len(HIDDEN)}"
        connection.send("/v1/predict", *headers, length, body=HIDDEN)
        statuses = connection.statuses()
        assert [line for line in statuses if b" 100 " not in line] == [b"HTTP/1.1 401 Unauthorized"]


def test_strangers_are_logged_and_counted_and_nobody_gets_anothers_answer(stack, visitor):
    """Beside unfinished and broken bodies, hidden requests and guesses. `make soak` does more."""
    before = restarts(stack)
    visitor.get("/").raise_for_status()  # who has come in is not slowed by the guesses
    quiet, beside, sent = served_beside_strangers(stack, FLIGHT, requests=4000)
    assert quiet.wrong == beside.wrong == Counter()
    assert beside.p99 < 1.5 * 3 * quiet.p99, (beside.p99, quiet.p99)
    assert restarts(stack) == before
    assert (
        set(sent) == {"start_a_body", "hide_a_request", "break_a_body"} and min(sent.values()) > 9
    )
    assert_logged_and_counted(stack, visitor)


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("method", ["FOO", "CONNECT", "PUT", "TRACE"])
def test_another_method_is_a_problem_too(stack, method):
    answer = run("curl", "-sS", "-i", "-X", method, f"{stack.url}/v1/predict").stdout
    assert answer.startswith("HTTP/1.1 405") and "application/problem+json" in answer
    assert "allow: " in answer.lower()


def test_a_long_batch_is_answered_however_it_is_sent(api):
    batch = json.dumps({"questions": [FLIGHT] * 1000}).encode()
    for content in (batch, iter([batch[:5000], batch[5000:]])):
        reply = api.post("/v1/predict/batch", content=content)
        assert len(reply.raise_for_status().json()["predictions"]) == 1000


def test_what_looks_like_a_placeholder_arrives_as_it_was_sent(api):
    reply = api.post("/v1/predict", json=FLIGHT | {"{env.JUPYTERLAB_TOKEN}": 1})
    assert reply.json()["errors"][0]["field"] == "{env.JUPYTERLAB_TOKEN}"
