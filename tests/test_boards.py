"""The boards as Grafana reads them; only the running stack shows that each panel has data."""

import json
import re
from itertools import combinations

import pytest
import yaml
from conftest import UNBAKED
from containers import promtool

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


def test_the_boards_are_named_as_their_files():
    assert BOARDS.keys() == {"machine", "pipeline", "predictions"}
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
def test_promotions_and_alerts_are_marked(name):
    marks = {mark["name"]: mark["target"] for mark in BOARDS[name]["annotations"]["list"][1:]}
    assert marks.keys() == {"Promotions", "Alerts"}
    assert "FROM promotions" in marks["Promotions"]["rawSql"]
    assert "ALERTS" in marks["Alerts"]["expr"]


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_is_of_the_form_that_grafana_reads_from_files(name):
    assert {"panels", "schemaVersion"} <= BOARDS[name].keys()


HOUR = {
    "the first question to each of two replicas": (
        {
            'answers_total{instance="a"}': "0x30 1x330",
            'answers_total{instance="b"}': "0x90 1x270",
        },
        {"Answers in the time shown": 2},
    ),
    "only our own look for a model": (
        {
            'requests_total{path="/v1/model", status="503"}': "0+10x360",
            'requests_total{path="/v1/predict", status="200"}': "0x360",
            'requests_total{path="/v1/predict", status="503"}': "0x360",
        },
        {"Requests by status": 0, "Server errors": None},
    ),
    "one question of four fails": (
        {
            'requests_total{path="/v1/predict", status="200"}': "0x340 3x20",
            'requests_total{path="/v1/predict", status="503"}': "0x340 1x20",
        },
        {"Server errors": 0.25},
    ),
    "questions wait, and batches take long": (
        {
            'request_seconds_bucket{path="/v1/predict", le="1"}': "0x360",
            'request_seconds_bucket{path="/v1/predict", le="2.5"}': "0+10x360",
            'request_seconds_bucket{path="/v1/predict", le="+Inf"}': "0+10x360",
            'request_seconds_bucket{path="/v1/predict/batch", le="1"}': "0x360",
            'request_seconds_bucket{path="/v1/predict/batch", le="2.5"}': "0x360",
            'request_seconds_bucket{path="/v1/predict/batch", le="+Inf"}': "0+10x360",
        },
        {"Latency, 99th percentile": 2.485},
    ),
}
"""What an hour's series look like every ten seconds, and what panels then show at its end."""


@pytest.mark.parametrize("hour", HOUR)
def test_figures_of_prometheus_are_right_from_the_first_question_on(hour, tmp_path):
    series, expected = HOUR[hour]
    queries = [
        {"expr": query, "eval_time": "1h", "exp_samples": samples(query, expected[panel["title"]])}
        for panel in panels("predictions")
        if panel["title"] in expected
        for query in [shown(panel["targets"][0]["expr"])]
    ]
    given = [{"series": name, "values": values} for name, values in series.items()]
    test = {"interval": "10s", "input_series": given, "promql_expr_test": queries}
    tmp_path.joinpath("test.yml").write_text(json.dumps({"tests": [test]}))
    done = promtool(tmp_path, "test", "rules", "test.yml")
    assert done.returncode == 0, done.stdout


def shown(expression):
    """Put the last hour in place of Grafana's variables."""
    return expression.replace("$__range", "1h").replace("$__rate_interval", "1m")


def samples(query, value):
    if value is None:
        return []
    if "by (status)" in query:
        statuses = ("200", "503")
        return [{"labels": f'{{status="{status}"}}', "value": value} for status in statuses]
    return [{"labels": "{}", "value": value}]


def test_no_password_stands_in_a_file():
    secrets = [source["secureJsonData"] for source in SOURCES if "secureJsonData" in source]
    assert secrets == [{"password": "$__env{READER_DATABASE_PASSWORD}"}]


@pytest.mark.parametrize("name", BOARDS)
def test_each_variable_is_used_and_all_of_it_is_a_list_that_sql_takes(name):
    variables = BOARDS[name]["templating"]["list"]
    queries = " ".join(
        target.get("rawSql", "") for panel in panels(name) for target in panel["targets"]
    )
    used = set(re.findall(r"\$\{(\w+):sqlstring\}", queries))
    assert used == {variable["name"] for variable in variables}
    assert len(re.findall(r"\$\{\w+", queries)) == len(
        re.findall(r"IN \(\$\{\w+:sqlstring\}\)", queries)
    )
    assert all(variable["allValue"].startswith("SELECT ") for variable in variables)
