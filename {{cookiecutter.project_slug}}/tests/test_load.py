"""`make load`: what it says of the requests that it sent, and how it draws them."""

import xml.etree.ElementTree as ElementTree

import pytest

from ops import load, picture
from ops.vegeta import Reply

SECONDS = 10
GOOD = [Reply(1000 + number / 20, 200, 0.01 + number / 10_000) for number in range(200)]
REFUSED = [Reply(1005.0, 503, 0.002)] * 40
FAILED = [Reply(1006.0, 0, 30.0)] * 10


def test_what_a_machine_holds_is_said_in_one_sentence():
    said = load.verdict(GOOD, 20, SECONDS)
    assert said.startswith("This machine holds 20 requests a second: 95 % of the answers came")
    assert "within 29 ms" in said


def test_what_it_does_not_hold_is_said_with_what_it_answered():
    said = load.verdict([*GOOD, *REFUSED, *FAILED], 25, SECONDS)
    assert said.startswith("This machine does not hold 25 requests a second: 20%")
    assert "answered 20.0 a second" in said


def test_the_table_counts_each_kind():
    lines = load.table([*GOOD, *REFUSED, *FAILED], SECONDS, [(1000, 1), (1004, 3)]).splitlines()
    told = {line[:16].strip(): line[16:] for line in lines}
    assert told["requests"] == "250" and told["refused (503)"] == "40" and told["failed"] == "10"
    assert told["replicas"] == "1 to 3"


def test_the_picture_has_a_dot_for_each_request_and_a_line_of_replicas():
    drawn = picture.drawn([*GOOD, *REFUSED], [(1000, 1), (1004, 3)])
    tags = [element.tag.rpartition("}")[2] for element in ElementTree.fromstring(drawn).iter()]
    assert tags.count("circle") == 240 and tags.count("polyline") == 1


@pytest.mark.parametrize("value", ["", "0", "-1", "many", "1000000"])
def test_a_rate_that_is_none_is_told_what_to_write(monkeypatch, value):
    monkeypatch.setenv("RPS", value)
    with pytest.raises(SystemExit, match="make load RPS=20 SECONDS=60"):
        load.number("RPS", 100_000)
