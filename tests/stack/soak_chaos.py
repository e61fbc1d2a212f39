"""Each part fails in each way under constant load: who notices, and is all well again by itself?

`make soak` runs it and writes the page of a project that shows it.
"""

import json
import signal

import pytest
from chaos import DEEDS, Engine, observed, page
from conftest import UNBAKED
from load import load
from running import started, until
from test_autoscaler import STORED

QUESTIONS_A_SECOND = 20
PAGE = UNBAKED / "docs" / "failures.md"

ON_THE_WAY = ("gateway",)
"""Whose absence a client must notice: all others may fail without a failed question."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """Start a project of this module's own; it is to be broken."""
    with started(tmp_path_factory.mktemp("chaos"), "chaos") as running:
        yield running


def test_whatever_fails_is_well_again_by_itself_and_no_answer_is_lost(stack):
    parts = [
        name
        for name, containers in stack.containers().items()
        if containers[0]["State"]["Running"] and name != "processing-setup"
    ]
    rows, machine, engine = [], [], Engine()
    with load(stack, QUESTIONS_A_SECOND) as replies:
        for part in parts:
            for deed, act in DEEDS.items():
                with observed(stack, replies, part, deed) as observation:
                    act(stack.containers()[part])
                rows += observation
        with observed(stack, replies, "Docker's daemon", "restarted") as observation:
            engine.restart(signal.SIGTERM)
        machine += observation
        with observed(stack, replies, "everything", "ended at once") as observation:
            Engine().lose_power(stack)
        machine += observation
    answered = [reply.body["id"] for reply in replies if reply.status == 200]

    def all_stored() -> bool:
        return {*answered} <= {*json.loads(stack.inside("processing", STORED))}

    until(all_stored, 120, "every answer is in the log")
    stored = json.loads(stack.inside("processing", STORED))
    assert len(stored) == len({*stored})
    PAGE.write_text(page(rows, machine, QUESTIONS_A_SECOND), encoding="utf-8")
    assert not [row for row in rows if row.failed and row.part not in ON_THE_WAY]
