"""The boards as Grafana reads them; only the running stack shows that each panel has data."""

import json
from itertools import combinations

import pytest
import yaml
from conftest import UNBAKED

DASHBOARD = UNBAKED / "dashboard"
BOARDS = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in DASHBOARD.glob("boards/*.json")
}
PROVISIONED = DASHBOARD / "provisioning/datasources/sources.yaml"
SOURCES = yaml.safe_load(PROVISIONED.read_text(encoding="utf-8"))["datasources"]


def panels(name):
    return [panel for panel in BOARDS[name]["panels"] if panel["type"] != "row"]


def overlap(panel, other):
    a, b = panel["gridPos"], other["gridPos"]
    beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
    below = a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
    return not (beside or below)


def test_there_are_two_boards_named_as_their_files():
    assert BOARDS.keys() == {"pipeline", "predictions"}
    assert [name for name, board in BOARDS.items() if board["uid"] != name] == []


@pytest.mark.parametrize("name", BOARDS)
def test_every_panel_asks_a_source_that_is_provisioned(name):
    provisioned = {(source["type"], source["uid"]) for source in SOURCES}
    sources = [target["datasource"] for panel in panels(name) for target in panel["targets"]]
    assert [
        source for source in sources if (source["type"], source["uid"]) not in provisioned
    ] == []


@pytest.mark.parametrize("name", BOARDS)
def test_every_panel_says_what_it_shows_and_lies_on_no_other(name):
    assert [
        panel["title"] for panel in panels(name) if not panel["description"].endswith(".")
    ] == []
    everything = BOARDS[name]["panels"]
    assert [(a["title"], b["title"]) for a, b in combinations(everything, 2) if overlap(a, b)] == []
    assert len({panel["id"] for panel in everything}) == len(everything)


@pytest.mark.parametrize("name", BOARDS)
def test_promotions_are_marked(name):
    (marks,) = (a for a in BOARDS[name]["annotations"]["list"] if not a.get("builtIn"))
    assert marks["enable"] and marks["target"]["tags"] == ["promotion"]


def test_no_password_stands_in_a_file():
    secrets = [source["secureJsonData"] for source in SOURCES if "secureJsonData" in source]
    assert secrets == [{"password": "$__env{READER_DATABASE_PASSWORD}"}]
