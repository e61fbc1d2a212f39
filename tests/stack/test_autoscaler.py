"""As many replicas as the load needs: the case of a slow model, and changes that fail nothing.

`make soak` gives each its whole length.
"""

import json
import os
import time
from threading import Event, Thread

import httpx
import pytest
from load import failed, load, percentile
from running import Stack, started, until
from slow_model import promote_slow

SOAK = bool(os.environ.get("SOAK"))
SLOW = 0.4
"""Seconds of processor that an answer of the slow model takes."""

STEP = 180 if SOAK else 60
CHANGES = 20 if SOAK else 3
FIRST, SETTLED, P95 = 8, 15, 1.2
"""Promised seconds: until one more answers; until delay grows no more; for 95 % in the end."""

FLOOR = 180
"""Promised seconds of quiet after which no more than the least run."""

STORED = """
import json
from core.storage import bucket, names, read
store = bucket("predictions")
lines = [line for name in names(store, "live") for line in read(store, name).splitlines()]
print(json.dumps([json.loads(line)["id"] for line in lines]))
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """Start a project in which one or two replicas run."""
    folder = tmp_path_factory.mktemp("scaled")
    with started(folder, "scaled", REPLICAS_MIN=1, REPLICAS_MAX=2) as running:
        yield running


def running_replicas(stack: Stack) -> dict[str, str]:
    """Return the address of each replica that runs, by its container's name."""
    return {
        one["Name"].removeprefix("/"): network["IPAddress"]
        for one in stack.containers()["prediction"]
        for name, network in one["NetworkSettings"]["Networks"].items()
        if one["State"]["Running"] and name.endswith("_prediction")
    }


def answers(address: str) -> bool:
    """Return whether a replica has a model to answer with."""
    try:
        return bool(httpx.get(f"http://{address}:8000/health", timeout=2).json()["model"])
    except (httpx.HTTPError, ValueError):
        return False


class Watch:
    """Looks for the second replica, and remembers when it first answered and when it was gone."""

    def __init__(self, stack: Stack):
        self.stack, self.stop = stack, Event()
        self.begun = time.monotonic()
        self.first: float | None = None
        self.thread = Thread(target=self.look)
        self.thread.start()

    def look(self) -> None:
        while self.first is None and not self.stop.wait(0.3):
            replicas = running_replicas(self.stack)
            if len(replicas) > 1 and all(map(answers, replicas.values())):
                self.first = time.monotonic() - self.begun


def test_a_slow_model_gets_a_second_replica_and_loses_it_when_it_is_quiet(stack):
    version = promote_slow(stack, SLOW)
    until(lambda: len(running_replicas(stack)) == 1, FLOOR * 3, "only one replica runs")
    (address,) = running_replicas(stack).values()
    until(
        lambda: httpx.get(f"http://{address}:8000/health").json()["model"] == version,
        30,
        "it has the slow model",
    )
    watch = Watch(stack)
    with load(stack, 3) as replies:
        time.sleep(STEP)
    watch.stop.set()
    before = [reply for reply in replies if reply.sent < SETTLED]
    end = [reply for reply in replies if reply.sent > STEP * 2 / 3]
    print(
        f"  second replica answers after {watch.first or -1:.1f} s; slowest in the first "
        f"{SETTLED} s {percentile(before, 1):.2f} s; at the end median {percentile(end, 0.5):.2f} "
        f"s, p95 {percentile(end, 0.95):.2f} s; {len(failed(replies))} of {len(replies)} failed"
    )
    print(stack.compose("logs", "--no-log-prefix", "autoscaler").stdout[-2000:])
    assert not failed([reply for reply in replies if reply.sent > SETTLED])
    assert watch.first and watch.first < FIRST * 3
    assert percentile(end, 0.95) < P95 * 3
    quiet = time.monotonic()
    until(lambda: len(running_replicas(stack)) == 1, FLOOR * 3, "one replica is enough again")
    print(f"  one replica again after {time.monotonic() - quiet:.0f} s of quiet")


CHANGE = """
from autoscaler.containers import listed, start, stop
first, second = listed()
{word}(second)
"""
"""As the autoscaler does it, through its filter."""


ATTEMPTS = """
import http.client, json, os, socket
from autoscaler.containers import Filter

def said(method, path, body=None, headers={}):
    connection = Filter("docker", timeout=10)
    connection.request(method, path, body, headers)
    reply = connection.getresponse()
    return [reply.status, reply.read().decode(errors="replace")]

project = os.environ["PROJECT"]
mine, others = f"{project}-prediction-1", f"{project}-storage-1"
evil = json.dumps({"Image": "alpine", "HostConfig": {"Privileged": True, "Binds": ["/:/host"]}})
refused = [
    said(*attempt)[0]
    for attempt in (
        ("POST", "/containers/create", evil, {"Content-Type": "application/json"}),
        ("POST", f"/v1.44/containers/{mine}/exec", evil),
        ("POST", f"/{mine}/exec", evil), ("POST", f"/{mine}/kill"), ("DELETE", f"/{mine}"),
        ("GET", f"/containers/{mine}/json"), ("GET", "/containers/json"), ("GET", "/info"),
        ("GET", "/images/json"), ("POST", "/images/create?fromImage=alpine"), ("GET", "/secrets"),
        ("POST", f"/{others}/stop"), ("POST", f"/{mine}/../{others}/stop"),
        ("POST", f"/{mine}%2f..%2f{others}/stop"), ("POST", f"/x{mine}/stop"),
        ("POST", f"/{mine}x/stop"), ("GET", f"/{mine}/stop"), ("PUT", f"/{mine}/archive?path=/"),
    )
]
listed = json.loads(said("GET", '/containers?all=true&filters={}&size=1')[1])
files = [name for name in ("/var/run/docker.sock", "/run/docker.sock") if os.path.exists(name)]
print(json.dumps([refused, sorted(one["Names"][0] for one in listed), files]))
"""
"""What someone might try who runs code beside the autoscaler."""


def test_whoever_takes_over_the_autoscaler_can_stop_replicas_and_nothing_else(stack):
    name = stack.settings["COMPOSE_PROJECT_NAME"]
    before = {one["Id"] for many in stack.containers().values() for one in many}
    environment = ("run", "--rm", "--no-deps", "-T", "-e", f"PROJECT={name}", "autoscaler")
    done = stack.compose(*environment, "python", "-c", ATTEMPTS)
    refused, listed, sockets = json.loads(done.stdout.splitlines()[-1])
    assert set(refused) == {403}
    assert listed == [f"/{name}-prediction-{number}" for number in (1, 2)]
    assert sockets == []
    containers = [one for many in stack.containers().values() for one in many]
    assert {one["Id"] for one in containers} == before
    (storage,) = stack.containers()["storage"]
    assert storage["State"]["Running"]


def through_the_filter(stack: Stack, code: str) -> str:
    """Run Python beside the autoscaler, with all that it has."""
    return stack.compose(
        "run", "--rm", "--no-deps", "-T", "autoscaler", "python", "-c", code
    ).stdout


def test_replicas_come_and_go_under_load_and_no_request_fails(stack):
    stack.make("rollback")
    (address, *_) = running_replicas(stack).values()
    until(lambda: "slow" not in httpx.get(f"http://{address}:8000/health").text, 30, "rolled back")
    stored_before = set(json.loads(stack.inside("processing", STORED)))
    stack.compose("stop", "autoscaler")
    with load(stack, 50) as replies:
        for _ in range(CHANGES):
            for word, number in (("start", 2), ("stop", 1)):
                through_the_filter(stack, CHANGE.format(word=word))
                until(
                    lambda number=number: (
                        len(running_replicas(stack)) == number
                        and all(map(answers, running_replicas(stack).values()))
                    ),
                    60,
                    f"{number} replicas answer",
                )
                time.sleep(1)
    assert not failed(replies), failed(replies)[:5]
    print(
        f"  {CHANGES} up and down, {len(replies)} requests, slowest {percentile(replies, 1):.2f} s"
    )
    answered = {reply.body["id"] for reply in replies}
    until(
        lambda: answered <= set(json.loads(stack.inside("processing", STORED))) - stored_before,
        60,
        "every answer is in the log",
    )
    stored = json.loads(stack.inside("processing", STORED))
    assert len(stored) == len(set(stored))
