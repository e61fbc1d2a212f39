"""`make up` after a change, and back again, while questions come in: none fails.

`make soak` tries more kinds of change, and asks more often.
"""

import os
import subprocess

import pytest
from load import failed, load, percentile
from running import Stack, started, until

SOAK = bool(os.environ.get("SOAK"))
QUESTIONS_A_SECOND, LEAST_QUESTIONS = (200, 14_500) if SOAK else (30, 100)
"""What comes in during one command; seven of them make a hundred thousand in the soak."""

CHANGED = "\nCHANGED = 'by its owner'\n"
WRONG = """
_right = members


def members(predicted):
    return _right(predicted + 1)
"""
NEVER_HEALTHY = "\nraise SystemExit('There is a mistake here.')\n"


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """Start a project of this module's own, because its images change."""
    with started(tmp_path_factory.mktemp("released"), "released") as running:
        yield running


def images(stack: Stack) -> set[str]:
    """Return the ids of the images that replicas run."""
    return {one["Image"] for one in stack.containers()["prediction"]}


def under_load(stack: Stack, *words: str) -> subprocess.CompletedProcess:
    """Run a command of `make` while questions come in, none of which fails."""
    with load(stack, QUESTIONS_A_SECOND) as replies:
        done = stack.make(*words)
        until(lambda: len(replies) >= LEAST_QUESTIONS, 300, "enough questions were asked")
    print(f"  {words}: {len(replies)} questions, slowest {percentile(replies, 1):.2f} s")
    assert not failed(replies), (failed(replies)[:3], done.stdout[-2000:])
    assert len({round(reply.body["prediction"], 2) for reply in replies}) == 1
    return done


def test_a_new_release_takes_over_and_the_one_before_comes_back(stack):
    first = images(stack)
    with stack.project.joinpath("prediction", "app.py").open("a") as code:
        code.write(CHANGED)
    done = under_load(stack, "up")
    assert done.returncode == 0, done.stdout[-3000:]
    second = images(stack)
    assert len(first) == len(second) == 1 and first != second
    assert under_load(stack, "release-back").returncode == 0
    assert images(stack) == first


@pytest.mark.parametrize(
    ("file", "change", "sentence"),
    [
        ("answering.py", WRONG, "It answers its card's example with"),
        ("__main__.py", NEVER_HEALTHY, "The release was refused"),
    ],
    ids=["answers wrongly", "never healthy"],
)
def test_a_broken_release_is_refused_and_the_old_one_answers(stack, file, change, sentence):
    before = images(stack)
    path = stack.project / "prediction" / file
    text = path.read_text()
    path.write_text(
        text.replace("\nif __name__", change + "\nif __name__")
        if "__main__" in file
        else text + change
    )
    done = under_load(stack, "up")
    path.write_text(text)
    assert done.returncode != 0 and sentence in done.stdout, done.stdout[-3000:]
    assert images(stack) == before
    assert {one["State"]["Running"] for one in stack.containers()["prediction"]} == {True}
