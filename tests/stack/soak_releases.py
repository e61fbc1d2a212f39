"""A hundred thousand questions over eight kinds of release, none of which fails.

`make soak` gives them a stack of their own. Four of the kinds are those of test_release.py.
"""

# ruff: noqa: F401, F811, pytest takes what is imported as tests and fixtures of its own

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from running import FLIGHT, until
from slow_model import promote_slow
from test_release import (
    CHANGED,
    stack,
    test_a_broken_release_is_refused_and_the_old_one_answers,
    test_a_new_release_takes_over_and_the_one_before_comes_back,
    under_load,
)


def changed_model_code(project: Path) -> None:
    with project.joinpath("model", "features.py").open("a") as code:
        code.write(CHANGED)


def another_package(project: Path) -> None:
    with project.joinpath("prediction", "requirements.in").open("a") as packages:
        packages.write("tabulate==0.9.0\n")
    done = subprocess.run(["make", "lock"], cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def another_setting(project: Path) -> None:
    path = project / "compose.yaml"
    text, number = re.subn(r'(REPLICAS_MAX:-2}", .*memory: )256m', r"\g<1>288m", path.read_text())
    assert number == 1
    path.write_text(text)


@pytest.mark.parametrize("change", [changed_model_code, another_package, another_setting])
def test_every_kind_of_change_takes_over_without_a_failed_question(stack, change):
    before = {one["Id"] for one in stack.containers()["prediction"]}
    change(stack.project)
    done = under_load(stack, "up")
    assert done.returncode == 0, done.stdout[-3000:]
    assert not before & {one["Id"] for one in stack.containers()["prediction"]}


def test_a_batch_of_twenty_seconds_is_finished_by_the_replica_that_is_replaced(stack):
    version = promote_slow(stack, 0.4)
    with stack.api() as api, ThreadPoolExecutor(1) as pool:
        until(lambda: api.get("/v1/model").json()["version"] == version, 60, "the model is slow")
        batch = {"questions": [FLIGHT] * 50}
        answer = pool.submit(api.post, "/v1/predict/batch", json=batch, timeout=120)
        changed_model_code(stack.project)
        assert stack.make("up").returncode == 0
        reply = answer.result()
    assert reply.status_code == 200 and len(reply.json()["predictions"]) == 50, reply.text
    print(f"  the batch took {reply.elapsed.total_seconds():.0f} s")
