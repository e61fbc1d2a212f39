"""The express lane answers as the app does, and nothing but what is right."""

import asyncio
import http.client
import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from core.keys import add, make_key, revoke
from prediction.body import LARGEST, SHORT
from prediction.together import MOST_TOGETHER, Asked
from tests.replica import Replica
from tests.small_model import ASKED
from tests.test_wrong_bodies import WRONG
from tests.ways import Way

pytest.importorskip("httptools", reason="the lane needs httptools, which is for Linux only")

RIGHT = json.dumps(ASKED).encode()
OLD, NEW = "20130331-aaaaaaaa", "20130630-bbbbbbbb"


@pytest.fixture
def ways(tmp_path):
    """Yield a replica with the lane and one without it, which take the same keys."""
    replicas = [Replica(tmp_path / name) for name in ("lane", "app")]
    shutil.copy(replicas[0].key_file, replicas[1].key_file)
    for replica in replicas:
        replica.promote(OLD)
    both = [Way(replica, lane=replica is replicas[0]) for replica in replicas]
    yield both
    for way in both:
        way.end()


@pytest.fixture
def lane(ways):
    return ways[0]


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


values = st.one_of(
    st.sampled_from([*ASKED.values(), -0.0, 7.0, 1e400, 10**400, "", " ", "\u2028", "NA"]),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    st.sampled_from([[], [1], {}, {"a": 1}]),
)
names = st.sampled_from([*ASKED, "unknown"])
questions = st.builds(
    lambda changes, without: {
        name: value for name, value in (ASKED | changes).items() if name not in without
    },
    st.dictionaries(names, values, max_size=2),
    st.sets(names, max_size=1),
).map(lambda question: json.dumps(question).encode())
mangled = st.builds(
    lambda body, at, cut, put: body[:at] + put + body[at + cut :],
    st.sampled_from([RIGHT, json.dumps(ASKED, ensure_ascii=False, indent=1).encode()]),
    st.integers(0, len(RIGHT)),
    st.integers(0, 3),
    st.sampled_from([b"", b" ", b"0", b".0", b"e0", b"-", b'"', b",", b"}", b"\xff", b"\0", b"\n"]),
)
twice = st.builds(
    lambda name, value: (
        b"{%s: %s, %s" % (json.dumps(name).encode(), json.dumps(value).encode(), RIGHT[1:])
    ),
    names,
    values,
)
bodies = st.one_of(st.just(RIGHT), questions, mangled, twice)

OTHERS = [
    {},
    {"Authorization": ""},
    {"Authorization": "Bearer"},
    {"Authorization": "Basic YTpi"},
    {"Authorization": f"Bearer {make_key()}"},
]


def headers_for(key: str) -> list[dict[str, str]]:
    """Return the headers of a good key in many forms, and others."""
    forms = ["Bearer {}", "bearer {}", "BEARER {}", "Bearer  {}", "Bearer {} ", "Bearer {}x", "{}"]
    mine = [{"Authorization": form.format(key)} for form in forms]
    more = [{"X-Received": "1"}, {"X-Request-ID": "a"}, {"Content-Type": "text/csv"}]
    return [*mine, *OTHERS, *(bearer(key) | other for other in more)]


def test_thousands_of_requests_are_answered_the_same_on_both_ways(ways):
    express, ordinary = ways
    all_headers = headers_for(express.replica.key)
    good = all_headers[0]

    @settings(
        max_examples=1500,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(bodies, st.just(good) | st.sampled_from(all_headers))
    def same(body, headers):
        assert express.ask(body, headers) == ordinary.ask(body, headers)

    same()
    for body in [*WRONG.values(), b"", b" ", *(RIGHT.ljust(size) for size in SIZES)]:
        for headers in (good, OTHERS[0]):
            assert express.ask(body, headers) == ordinary.ask(body, headers)
    assert express.stored() == ordinary.stored() and len(express.stored()) > 200
    assert express.asked < ordinary.asked - len(express.stored()) / 2


SIZES = (SHORT, SHORT + 1, 65_536, 70_000, LARGEST, LARGEST + 1)


def raw(*lines: str, body: bytes = RIGHT) -> bytes:
    """Return a request as it is sent."""
    return "\r\n".join([*lines, "", ""]).encode() + body


def test_what_is_sent_in_an_unusual_way_is_answered_the_same(ways):
    express, ordinary = ways
    key = f"Authorization: Bearer {express.replica.key}"
    post, host, size = "POST /v1/predict HTTP/1.1", "Host: x", f"Content-Length: {len(RIGHT)}"
    close = "Connection: close"
    whole, last = raw(post, host, key, size), raw(post, host, key, size, close)
    refused = raw(post, host, size)
    wrong = raw(post, host, key, "Content-Length: 2", body=b"{}")
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(RIGHT), RIGHT)
    for pieces in [
        (last,),
        (last[:30], last[30:200], last[200:]),
        (last[:-5], last[-5:]),
        (whole * 5 + last,),
        (whole + refused + whole + wrong + whole + last,),
        (whole, whole + last[:-9], last[-9:]),
        (raw(post.replace("1.1", "1.0"), key, size),),
        (raw(post, host, key, size, "Expect: 100-continue", close),),
        (raw(post, host, key, "Transfer-Encoding: chunked", close, body=chunk),),
        (raw(post, host, key, size, "Transfer-Encoding: chunked", close, body=chunk),),
        (raw(post, host, key, close, body=b""),),
        (raw(post, host, key, "Content-Length: 0", close, body=b""),),
        (raw(post, host, key, key, size, close),),
        (raw(post, host, key, f"Authorization: Bearer {make_key()}", size, close),),
        (raw(post, host, f"Authorization: Bearer {make_key()}", key, size, close),),
        (raw(post.replace("predict", "predict?a=b"), host, key, size, close),),
        (raw(post.replace("predict", "%70redict"), host, key, size, close),),
        (raw(post.replace("predict", "predict/"), host, key, size, close),),
        (raw(post.replace("POST", "PUT"), host, key, size, close),),
        (raw(post, host, key, size, "Connection: Upgrade", "Upgrade: h2c"),),
        (raw(post, host, key, "Content-Length: -1", close),),
        (whole, b"no HTTP at all\r\n\r\n"),
    ]:
        answered = express.exchange(*pieces)
        assert answered == ordinary.exchange(*pieces) and answered
    assert express.stored() == ordinary.stored()
    assert REGISTRY.get_sample_value("requests_in_flight") == 0


def test_a_right_question_never_reaches_the_app(lane):
    """If this fails after an update of uvicorn, mend prediction/express.py."""
    before, headers = counted(), bearer(lane.replica.key)
    assert [lane.ask(RIGHT, headers)[0] for _ in range(20)] == [200] * 20
    assert lane.asked == 0 and counted() == [before[0] + 20, before[1] + 20]
    assert lane.ask(b"{}", headers)[0] == 422 and lane.asked == 1


def counted() -> list[float]:
    """Return how many right questions were counted, and how many of them timed."""
    labels = {"path": "/v1/predict"}
    total = REGISTRY.get_sample_value("requests_total", labels | {"status": "200"})
    return [total or 0, REGISTRY.get_sample_value("request_seconds_count", labels) or 0]


def test_a_client_that_leaves_in_the_middle_of_a_body_takes_nothing_with_it(lane):
    key = f"Authorization: Bearer {lane.replica.key}"
    head = raw("POST /v1/predict HTTP/1.1", key, f"Content-Length: {len(RIGHT)}", body=RIGHT[:9])
    connection = lane.connection
    connection.connect()
    connection.sock.sendall(head)
    connection.close()
    ends = time.monotonic() + 10
    while lane.asked == 0:
        assert time.monotonic() < ends
    assert lane.ask(RIGHT, bearer(lane.replica.key))[0] == 200
    assert len(lane.stored()) == 1


def test_a_key_is_looked_at_before_each_question(lane):
    file = lane.replica.key_file
    brief, reader = add(file, "brief", ["predict"], days=1), add(file, "reader", ["model"])
    assert lane.ask(RIGHT, bearer(brief))[0] == 200 and lane.asked == 0
    soon = datetime.now(UTC) + timedelta(seconds=1)
    entries = json.loads(file.read_text())
    ends = [
        entry | ({"expires": soon.isoformat()} if entry["expires"] else {}) for entry in entries
    ]
    file.write_text(json.dumps(ends))
    assert lane.ask(RIGHT, bearer(brief))[0] == 200
    time.sleep(1)
    assert lane.ask(RIGHT, bearer(brief))[0] == 401
    assert lane.ask(RIGHT, bearer(reader))[0] == 403
    revoke(file, "owner")
    assert lane.ask(RIGHT, bearer(lane.replica.key))[0] == 401


def test_without_a_place_to_keep_it_no_answer_leaves(lane):
    journal, headers = lane.replica.journal, bearer(lane.replica.key)
    journal.folder.rename(journal.folder.with_name("away"))
    status, _, problem = lane.ask(RIGHT, headers)
    assert status == 503 and "could not be stored" in problem["detail"]
    journal.folder.with_name("away").rename(journal.folder)
    assert lane.ask(RIGHT, headers)[0] == 200


def test_while_champions_change_each_answer_is_of_one_and_kept_once(lane):
    def ask(_: int) -> list[dict]:
        connection = http.client.HTTPConnection(*lane.address, timeout=20)
        answers = []
        while len(changes) < 4:
            connection.request("POST", "/v1/predict", RIGHT, bearer(lane.replica.key))
            reply = connection.getresponse()
            answers.append(json.loads(reply.read()))
            assert reply.status == 200
        return answers

    changes: list[str] = []
    with ThreadPoolExecutor(8) as clients:
        asked = [clients.submit(ask, number) for number in range(8)]
        for version in (NEW, "20130731-cccccccc", "20130831-dddddddd"):
            time.sleep(0.2)
            lane.replica.promote(version, shift=len(changes) + 1)
            changes.append(version)
        time.sleep(0.2)
        changes.append("the end")
        answers = [answer for one in asked for answer in one.result()]
    stored = {line["id"]: line for line in lane.replica.stored("live")}
    assert len(stored) == len(answers) == len({answer["id"] for answer in answers})
    for answer in answers:
        assert answer.items() <= stored[answer["id"]].items()
    given = {(answer["model"], json.dumps(answer["prediction"])) for answer in answers}
    assert len({model for model, _ in given}) == len(given) >= 3


def turn(replica: Replica, *asked: tuple[bytes, str]) -> list[bytes | None]:
    """Return what comes of bodies and their clients in one turn of the event loop."""
    given: list[bytes | None] = []

    async def ask():
        for body, client in asked:
            replica.app.state.lane.together.ask(Asked(body, client, given.append))
        while len(given) < len(asked):
            await asyncio.sleep(0)

    asyncio.run(ask())
    return given


def test_what_comes_together_is_answered_in_its_order(serving):
    many = [(RIGHT if number % 3 else b"{}", f"client-{number}") for number in range(200)]
    given = turn(serving, *many)
    assert [body is None for body in given] == [number % 3 == 0 for number in range(200)]
    ids = [json.loads(body)["id"] for body in given if body]
    stored = {line["id"]: line["client"] for line in serving.stored("live")}
    assert len(ids) == len(stored) > MOST_TOGETHER
    assert [stored[id] for id in ids] == [client for body, client in many if body == RIGHT]


def test_a_question_that_the_model_fails_on_fails_alone_and_keeps_its_client_away(
    serving, monkeypatch
):
    champion = serving.champions.current
    predict = champion.predict_columns

    number = next(name for name, value in ASKED.items() if type(value) in (int, float))

    def fails_on_one(columns):
        if (columns[number] == ASKED[number] + 1).any():
            raise ArithmeticError
        return predict(columns)

    bad = json.dumps(ASKED | {number: ASKED[number] + 1}).encode()
    monkeypatch.setattr(champion, "predict_columns", fails_on_one)
    many = [(RIGHT, "good")] * 20 + [(bad, "bad")] + [(RIGHT, "good")] * 20
    assert [body is None for body in turn(serving, *many)] == [False] * 20 + [True] + [False] * 20
    assert len(serving.stored("live")) == 40
    assert turn(serving, (RIGHT, "bad")) == [None]


def test_slow_models_and_none_are_left_to_the_app(replica):
    assert turn(replica, (RIGHT, "owner")) == [None]
    replica.promote(OLD, milliseconds=2.0)
    assert turn(replica, *[(RIGHT, "owner")] * 3) == [None] * 3
    assert replica.stored("live") == []
