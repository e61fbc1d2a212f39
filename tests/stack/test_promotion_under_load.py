"""Ten promotions and ten rollbacks while questions come in, and models that must not answer."""

import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest
from running import FLIGHT, Stack, models_of, replicas, until

QUESTIONS_A_SECOND = 50
CLIENTS = 5
WITHIN = 5
"""Promised seconds until every replica has the new one; the deadline here is three times that."""

LATER = 1000
"""Minutes that the second version answers more than the first, so that they can be told apart."""

SECOND_VERSION = """
import hashlib, numpy as np, onnx
from onnx import helper, numpy_helper
from core import registry
from core.storage import bucket, read
models = bucket("models")
first = registry.newest_promotion(models).version
graph = onnx.load_from_string(read(models, f"versions/{first}/model.onnx"))
(output,) = graph.graph.output
for node in graph.graph.node:
    node.output[:] = ["before" if name == output.name else name for name in node.output]
graph.graph.initializer.append(numpy_helper.from_array(np.array([LATER], np.float32), "later"))
graph.graph.node.append(helper.make_node("Add", ["before", "later"], [output.name]))
content = graph.SerializeToString()
card = registry.card(models, first)
example = card["example"] | {"answer": card["example"]["answer"] + LATER}
good = card | {"example": example, "checksum": f"sha256:{hashlib.sha256(content).hexdigest()}"}
wrong = {
    "second": {},
    "schema": {"fields": {"departure": "datetime"}},
    "example": {"example": card["example"]},
    "checksum": {},
}
for kind, changes in wrong.items():
    version = f"{first[:8]}-{kind}"
    registry.publish(models, version, content, good | changes | {"version": version})
models.put(f"versions/{first[:8]}-checksum/model.onnx", b"damaged")
print(first)
""".replace("LATER", str(LATER))
"""Publishes a version that answers otherwise, and one for each reason to refuse a version."""

PROMOTE = """
import sys
from core import registry
from core.storage import bucket
models = bucket("models")
for line in sys.stdin:
    newest = registry.newest_promotion(models)
    print(registry.promote(models, line.strip(), "a test", after=newest).number, flush=True)
"""

RACE = """
from concurrent.futures import ThreadPoolExecutor
from core import registry
from core.storage import bucket
models = bucket("models")
now = registry.newest_promotion(models)
def promote(number):
    try:
        return f"won {registry.promote(models, now.version, 'a race', after=now).number}"
    except registry.PromotionLost as lost:
        return str(lost)
with ThreadPoolExecutor(8) as threads:
    print(*threads.map(promote, range(8)), sep="\\n")
"""


@pytest.fixture(scope="module")
def versions(stack) -> tuple[str, str]:
    """Return the champion, and another version that answers LATER minutes more."""
    first = stack.inside("processing", SECOND_VERSION).split()[-1]
    return first, f"{first[:8]}-second"


@pytest.fixture(scope="module")
def promote(stack, versions):
    """Promote a version at once, and the first one again in the end."""
    command = ["docker", "compose", "exec", "-T", "processing", "python", "-c", PROMOTE]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=stack.project, **pipes) as program:

        def promote(version: str) -> int:
            program.stdin.write(version + "\n")
            program.stdin.flush()
            return int(program.stdout.readline())

        yield promote
        promote(versions[0])
        program.stdin.close()


@contextmanager
def load(stack: Stack):
    """Ask all the time; yield the list that the replies are put into."""
    replies, stop = [], threading.Event()

    def ask() -> None:
        with stack.api() as api:
            while not stop.wait(CLIENTS / QUESTIONS_A_SECOND):
                try:
                    replies.append(api.post("/v1/predict", json=FLIGHT))
                except httpx.HTTPError as error:
                    replies.append(error)

    with ThreadPoolExecutor(CLIENTS) as threads:
        for _ in range(CLIENTS):
            threads.submit(ask)
        try:
            yield replies
        finally:
            stop.set()


def test_promotions_and_rollbacks_under_load_fail_no_question(stack, versions, promote):
    first, second = versions
    addresses, seconds = replicas(stack), []
    with load(stack) as replies:
        for version in [second, first] * 10:
            promote(version)
            promoted = time.monotonic()
            until(
                lambda version=version: models_of(addresses) == {version},
                WITHIN * 3,
                "every replica has it",
            )
            seconds.append(time.monotonic() - promoted)
    print(f"  {len(replies)} questions, 10 promotions, 10 rollbacks; slowest {max(seconds):.1f} s")
    failed = [
        reply for reply in replies if isinstance(reply, Exception) or reply.status_code != 200
    ]
    assert not failed
    answers = {(reply.json()["model"], round(reply.json()["prediction"])) for reply in replies}
    expected = dict(sorted(answers))
    assert answers == {(first, expected[first]), (second, expected[first] + LATER)}


@pytest.mark.parametrize("cause", ["checksum", "schema", "example"])
def test_a_version_that_must_not_answer_is_refused_by_every_replica_and_the_old_one_goes_on(
    stack, versions, promote, cause
):
    first, _ = versions
    promote(first)
    addresses = replicas(stack)
    until(lambda: models_of(addresses) == {first}, WITHIN * 3, "every replica has the good one")
    refused = f'champion_refused{{reason="{cause}"}} 1.0'
    with load(stack) as replies:
        promote(f"{first[:8]}-{cause}")
        for address in addresses:
            url = f"http://{address}:8000/metrics"
            until(
                lambda url=url: refused in httpx.get(url).text, WITHIN * 3, f"{address} refuses it"
            )
    assert {(reply.status_code, reply.json()["model"]) for reply in replies} == {(200, first)}
    promote(first)


@pytest.mark.usefixtures("promote")
def test_of_many_that_promote_at_once_one_wins_and_the_others_say_why(stack):
    said = stack.inside("processing", RACE).splitlines()
    assert sum(line.startswith("won ") for line in said) == 1
    assert (
        sum("first; " in line and line.startswith("Another run made promotion") for line in said)
        == 7
    )


def test_two_runs_at_once_promote_one_champion(stack, promote, versions):
    promote(versions[0])
    code = (
        "from model.source import month_of_flights; "
        "print(month_of_flights('2013-04').tail(3000).write_csv())"
    )
    april = stack.inside("processing", code)
    file = stack.project.parent / "two-at-once.csv"
    file.write_text(april)
    before = {tuple(row) for row in stack.sql("SELECT number, version FROM promotions")}
    assert stack.make("add", f"FILE={file}").returncode == 0
    one_run = ("run", "--rm", "--no-deps", "-T", "processing", "python", "-m", "processing.run")
    with ThreadPoolExecutor(2) as threads:
        ended = list(threads.map(lambda _: stack.compose(*one_run, check=False), range(2)))
    assert 0 in [done.returncode for done in ended], [done.stdout for done in ended]
    for done in ended:
        assert done.returncode == 0 or "Another run made promotion" in done.stdout, done.stdout
    code = (
        "from core import inference, registry; from core.storage import bucket\n"
        "made = registry.promotions(bucket('models'))\n"
        "inference.load(bucket('models'), made[-1].version)\n"
        "print(*(f'{p.number} {p.version} {p.reason}' for p in made), sep='\\n')"
    )
    made = [line.split(" ", 2) for line in stack.inside("processing", code).splitlines()]
    by_runs = [version for number, version, reason in made if reason not in ("a test", "a race")]
    assert len(by_runs) == len(set(by_runs)), made
    assert len(made) > len(before)
