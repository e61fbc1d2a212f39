"""What a part logs: one line an event, with its level, and a repeated one counted."""

import json
import subprocess
import sys

import pytest

from core.settings import PROJECT

LONG = 16 * 1024
"""Bytes at which Docker cuts a line."""


def logged(program: str) -> list[dict]:
    """Return the events of a process that ran this program, each from a line of its own."""
    begin = "import logging, threading, warnings\nfrom core import logs\nlogs.set_up()\n"
    command = [sys.executable, "-c", begin + program]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, encoding="utf-8")
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_an_event_is_a_line_with_its_level():
    events = logged("log = logging.getLogger('x')\nlog.info('one\\ntwo %s', 3)\nlog.error('é')")
    assert [(e["level"], e["logger"], e["msg"]) for e in events] == [
        ("info", "x", "one\ntwo 3"),
        ("error", "x", "é"),
    ]


def test_where_no_thread_can_be_started_a_warning_is_written_all_the_same():
    events = logged(
        "def none(thread): raise RuntimeError\n"
        "threading.Thread.start = none\n"
        "for _ in range(2): logging.warning('full')"
    )
    assert [event["msg"] for event in events] == ["full", "full"]


@pytest.mark.parametrize(
    "program",
    [
        "try: 1 / 0\nexcept ZeroDivisionError: logging.exception('failed')",
        "1 / 0",
        "t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()",
    ],
    ids=["caught", "ends the process", "ends a thread"],
)
def test_an_error_is_one_event_with_its_traceback(program):
    (event,) = logged(program)
    assert event["level"] in ("error", "critical")
    assert event["traceback"].startswith("Traceback") and "ZeroDivisionError" in event["traceback"]


def test_a_librarys_warning_is_an_event_too():
    (event,) = logged("warnings.warn('this will change')")
    assert event["level"] == "warning" and "this will change" in event["msg"]


def test_what_is_repeated_is_written_once_and_counted():
    events = logged(
        "for n in range(5000):\n    logging.error('away')\n    logging.warning('full: %s', n % 2)"
    )
    assert [(e["msg"], e.get("repeated")) for e in events[:3]] == [
        ("away", None),
        ("full: 0", None),
        ("full: 1", None),
    ]
    assert sorted(event["repeated"] for event in events[3:]) == [2499, 2499, 4999]
    assert any(event["msg"].startswith("away [4999 times more") for event in events[3:])


def test_it_is_said_within_the_window_and_then_written_anew():
    events = logged(
        "import time\nlogs.WINDOW = 0.2\n"
        "for _ in range(3): logging.error('away')\n"
        "time.sleep(0.6)\nlogging.error('away')"
    )
    assert [event.get("repeated") for event in events] == [None, 2, None]


def test_very_many_different_errors_are_counted_too():
    events = logged("for n in range(5000): logging.error('no row %s', n)")
    assert len(events) < 300
    assert events[-1]["repeated"] > 4000


def test_an_info_is_never_left_out():
    assert len(logged("for _ in range(50): logging.info('a run began')")) == 50


def test_a_line_is_never_cut_by_docker():
    program = (
        "try: raise ValueError('x' * 100_000)\nexcept ValueError: logging.exception('y' * 99999)"
    )
    (event,) = logged(program)
    assert len(json.dumps(event).encode()) < LONG
