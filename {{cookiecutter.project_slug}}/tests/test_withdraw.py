"""Who reported which outcomes, and taking back what a key reported."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from core.answers import hour_folder
from core.layout import REPORTS
from processing import withdraw
from tests.small_model import HAPPENED


def report(storage, client: str, time: datetime, number: int = 1) -> None:
    line = {"key": "a", "actual": HAPPENED, "client": client, "time": time.isoformat()}
    path = f"{REPORTS}/{hour_folder(time)}/{client}.jsonl"
    storage("predictions").put(path, (json.dumps(line) + "\n").encode() * number)


def test_who_reported_what_is_listed_and_can_be_taken_back(storage, capsys):
    now = datetime.now(UTC)
    report(storage, "shop", now - timedelta(days=1), number=3)
    report(storage, "desk", now)
    report(storage, "past", now - timedelta(days=withdraw.DAYS + 2))
    withdraw.main(["shop"])
    assert "What shop reported until" in capsys.readouterr().out
    withdraw.main([])
    lines = capsys.readouterr().out.splitlines()[1:]
    assert [line.split()[:2] for line in lines] == [["desk", "1"], ["shop", "3"]]
    until = withdraw.withdrawn(storage("predictions"))
    assert until.keys() == {"shop"} and now < until["shop"] < datetime.now(UTC)


def test_only_a_name_of_a_key_is_taken(storage):
    for words in (["../live"], ["shop", "desk"], [""]):
        with pytest.raises(SystemExit, match="Name one API key"):
            withdraw.main(words)
    assert withdraw.withdrawn(storage("predictions")) == {}
