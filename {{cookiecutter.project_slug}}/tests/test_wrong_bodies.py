"""Being wrong costs no more than being right: in memory, and in what is answered."""

import json
import subprocess
import sys

import pytest

from model.schema import Question
from prediction.api import MOST_QUESTIONS, Report, UnreadQuestions
from prediction.body import LARGEST, parse, parse_one_or_many, parse_questions
from prediction.problems import MOST_ERRORS, Problem
from tests.small_model import ASKED

FIELD = next(iter(Question.model_fields))
UNKNOWN = b"{%s}" % b",".join(b'"%x": 1' % number for number in range(90_000))


def repeated(item: bytes, before: bytes = b"[", after: bytes = b"]") -> bytes:
    """Return a list that is as long as a body may be."""
    times = (LARGEST - len(before) - len(after)) // (len(item) + 1)
    return before + b",".join([item] * times) + after


def field(value: bytes) -> bytes:
    """Return a question in which one field is this."""
    return b'{"%s": %s}' % (FIELD.encode(), value)


WRONG = {
    "unknown fields": UNKNOWN,
    "zeros": repeated(b"0"),
    "empty lists": repeated(b"[]"),
    "questions that are zeros": repeated(b"0", b'{"questions": [', b"]}"),
    "an unknown field in each question": repeated(b'{"a": 1}', b'{"questions": [', b"]}"),
    "unknown fields in one question": b'{"questions": [%s]}' % UNKNOWN,
    "a list in a field": field(repeated(b"0")),
    "objects in a field": field(repeated(b'{"a": []}')),
    "a field again and again": b"{%s}" % repeated(b'"%s": []' % FIELD.encode())[1:-1],
    "a long number": field(b"9" * 1_000_000),
    "a long text": field(b'"%s"' % (b"J" * 1_000_000)),
    "a long name": b'{"%s": 1}' % (b"J" * 1_000_000),
    "brackets": b"[" * LARGEST,
    "deep lists": b"[" * 20_000,
    "deep objects": field(b'{"a": ' * 100 + b"1" + b"}" * 100),
}
MEGABYTES = 40
"""A replica may have 256; at rest it takes 100."""


def refusals(body: bytes) -> list[Problem]:
    """Return what each route says to a body that none of them takes."""

    def refusal(read, *words) -> Problem:
        with pytest.raises(Problem) as refused:
            read(*words)
        return refused.value

    return [
        refusal(parse, Question, body),
        refusal(parse_questions, UnreadQuestions, Question, body),
        refusal(parse_one_or_many, Report, body),
    ]


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_body_is_answered_in_short(name):
    for problem in refusals(WRONG[name]):
        assert problem.status in (400, 422)
        assert len(problem.errors) < 2 * MOST_ERRORS
        assert all(len(error.field) < 300 for error in problem.errors)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_a_wrong_body_takes_no_more_memory_than_a_replica_has():
    """Each in a process of its own, as what counts is the most that a process ever had."""
    command = [sys.executable, "-m", "tests.wrong_bodies_memory"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    taken = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())
    assert taken.keys() == WRONG.keys()
    assert {name: int(size) for name, size in taken.items() if int(size) > MEGABYTES} == {}


def test_a_batch_is_looked_at_up_to_the_errors_that_are_listed():
    right, wrong = json.dumps(ASKED), "{}"
    items = [right] * (MOST_QUESTIONS - 500) + [wrong] * 500
    with pytest.raises(Problem) as refused:
        parse_questions(UnreadQuestions, Question, f'{{"questions": [{",".join(items)}]}}'.encode())
    assert refused.value.errors[0].field.startswith("questions[500]")
    assert MOST_ERRORS <= len(refused.value.errors) < 2 * MOST_ERRORS
