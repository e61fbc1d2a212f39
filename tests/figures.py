"""Each figure that a board takes from the summary tables, recomputed from what storage holds.

test_figures.py puts this into a project's tests and gives it a database in SUMMARIES_URL.
"""

import json
import re
import time
from datetime import datetime
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from core import registry
from core.database import summary_tables
from core.layout import ANSWERS, BATCHES, VERDICTS
from core.retries import TryAgain
from core.schema import OUTCOME
from core.settings import settings
from core.storage import as_json, create, listed, names, read
from core.tables import TIME, read_parquet
from model import source
from model.estimator import SLICES
from model.source import EXPECTED_DAYS
from processing import definitions, steps
from processing.answers import truth
from processing.champion import roll_back
from processing.summaries import batches, live_answers, live_errors, tables
from processing.summaries.metrics import Summaries
from processing.summaries.pairs import write_pairs
from processing.training.gate import Verdict
from processing.training.scores import METRIC
from prometheus_client import CollectorRegistry
from tests.test_truth import ANSWER, HOURS, World

from tests import small_model


def opened(text: str) -> dict:
    """Return a board as it is when somebody opens it, with All of each of its variables."""
    for variable in json.loads(text)["templating"]["list"]:
        text = text.replace("${" + variable["name"] + ":sqlstring}", variable["allValue"])
    return json.loads(text)


BOARDS = {path.stem: opened(path.read_text()) for path in Path("dashboard/boards").glob("*")}
MIDDLE, END = "2025-02-15T12:00:00", "2025-03-01"
"""Of the newest month."""

SLICE = SLICES[0]

PANEL_SECONDS = 1
"""Promised for each panel; the deadline is three times that."""

OLD, NEW = "20250210-aaaaaaaa", "20250217-bbbbbbbb"


@pytest.fixture
def summaries(storage):
    """Empty the summary tables before a test."""
    with summary_tables() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {table}")
    return storage


@pytest.fixture
def rows(summaries):
    """Store checked rows; the newest month has no batch yet."""
    steps.fetch_raw()
    steps.check_rows()
    return summaries


def ask(board: str, title: str, hours: str = "30 days") -> list[dict]:
    """Return what a panel's query answers."""
    (panel,) = [panel for panel in BOARDS[board]["panels"] if panel["title"] == title]
    target, *_ = panel["targets"]
    return run_query(target["rawSql"], hours)


def run_query(sql: str, hours: str = "30 days") -> list[dict]:
    """Return the rows of a query, with the time shown in place of Grafana's macro."""
    shown = rf"\1 BETWEEN now() - interval '{hours}' AND now()"
    sql = re.sub(r"\$__timeFilter\((.*?)\)", shown, sql)
    with summary_tables() as cursor:
        cursor.execute(sql)
        columns = [column.name for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def promote(storage, version: str, shift: int = 0, until: str = MIDDLE) -> None:
    """Let a version that was trained until then predict the newest month, as a run does."""
    models = storage("models")
    if version not in registry.versions(models):
        small_model.publish(models, version, shift, window={"to": until})
    small_model.promote(models, version)
    steps.predict_batch()
    batches.write_batches()


def newest_batch(storage) -> pl.DataFrame:
    newest = max(listed(storage("predictions"), BATCHES), key=lambda item: item["last_modified"])
    return read_parquet(storage("predictions"), newest["path"])


def counted() -> int:
    """Return the sum of the heat table."""
    table = ask("predictions", "Predictions by weekday and hour")
    return sum(count for row in table for name, count in row.items() if name.strip())


def test_two_promotions_in_a_month_count_its_rows_once(rows):
    promote(rows, OLD)
    in_month = len(newest_batch(rows))
    assert counted() == in_month
    promote(rows, NEW, shift=20)
    assert len(names(rows("predictions"), BATCHES)) == 2
    assert counted() == in_month
    promote(rows, OLD)
    assert counted() == in_month


@pytest.mark.parametrize(
    "title", ["Predicted and actual, by month", "Predicted and actual, by hour"]
)
def test_predictions_are_compared_with_outcomes_that_the_model_was_not_trained_on(rows, title):
    promote(rows, OLD)
    promote(rows, NEW, shift=20)
    unseen = newest_batch(rows).filter(pl.col(TIME) > datetime.fromisoformat(MIDDLE))
    unseen = unseen.filter(pl.col(OUTCOME).is_not_null())
    if "month" in title:
        key = pl.col(TIME).dt.strftime("%Y-%m")
    else:
        key = pl.col(TIME).dt.hour().cast(pl.String)
    expected = unseen.group_by(key=key).agg(pl.mean("prediction"), pl.mean(OUTCOME))
    assert {key: pytest.approx(means) for key, *means in expected.iter_rows()} == {
        key: means for key, *means in map(dict.values, ask("predictions", title))
    }


def test_a_board_has_no_bar_where_the_model_was_trained_on_all_rows(rows):
    promote(rows, OLD, until=END)
    (row,) = ask("predictions", "Predicted and actual, by month")
    assert list(row.values())[1:] == [None, None]


def test_batches_are_not_read_again_until_they_change(rows):
    promote(rows, OLD)
    assert batches.write_batches() == {"objects": 0}
    steps.predict_batch()
    assert batches.write_batches() == {"objects": 1}


def test_answers_and_their_errors_are_those_that_storage_holds(summaries, sample):
    world = World(summaries, sample)
    ids = world.ask(*world.questions, ago=3 * HOURS)
    actual = dict(zip(ids, range(100, 100 + len(ids)), strict=True))
    world.report(*({"id": id, "actual": float(actual[id])} for id in ids), ago=HOURS)
    truth.join()
    live_answers.write_live_answers()
    live_errors.write_live_errors()

    stored = answers(world)
    assert counted() == len(stored)
    assert ask("predictions", "Stored live predictions") == [{"stored": len(stored)}]
    errors = pl.DataFrame(
        {"value": line["question"][SLICE], "error": abs(ANSWER - actual[line["id"]])}
        for line in stored
    )
    shown = {row["slice"]: row for row in ask("predictions", "Live error by slice")}
    assert shown["all"]["answers"] == len(ids)
    assert shown["all"]["live error"] == pytest.approx(errors["error"].mean())
    for value, error in errors.group_by("value").agg(pl.mean("error")).iter_rows():
        assert shown[f"{SLICE} {value}"]["live error"] == pytest.approx(error)
    (point,) = ask("predictions", "Live error by version")
    assert point["error"] == pytest.approx(errors["error"].mean())
    write_pairs()
    points = [tuple(point.values()) for point in ask("predictions", "Each answer and its outcome")]
    assert sorted(points) == [(ANSWER, float(value)) for value in sorted(actual.values())]


def test_after_a_rollback_no_error_is_shown_as_the_champion_s_that_is_another_s(summaries):
    models = summaries("models")
    for version, champion in ((OLD, None), (NEW, OLD)):
        judged(models, version, champion)
        small_model.promote(models, version)
    tables.write_all()
    assert error_of_the_champion() == 9.0
    assert marks() == [f"{version} answers from now on. a test" for version in (OLD, NEW)]
    roll_back()
    assert marks()[-1] == f"{OLD} answers from now on. Rolled back by hand."
    assert error_of_the_champion() == 12.0
    judged(models, "20250430-cccccccc", NEW)
    tables.write_all()
    assert error_of_the_champion() is None


def test_a_file_that_can_t_be_used_is_told_until_a_later_one_of_its_name_can(rows):
    raw = rows("raw")
    create(raw, "by-hand.csv", b"not,what\nis,asked\n")
    steps.check_rows()
    tables.write_all()
    assert measured("raw_file_unusable", source="by-hand.csv") == 1
    assert measured("raw_expected_days") == EXPECTED_DAYS
    raw.put("by-hand.csv", source.raw_file(source.HELD_BACK[0]))
    steps.check_rows()
    tables.write_all()
    assert measured("raw_file_unusable", source="by-hand.csv") is None


@pytest.mark.usefixtures("summaries")
def test_a_run_that_fails_is_marked(monkeypatch):
    def away():
        raise TryAgain("The storage is away.")

    monkeypatch.setitem(steps.FUNCTIONS, "raw", away)
    job = definitions.definitions.resolve_job_def("pipeline")
    with dg.DagsterInstance.ephemeral() as instance:
        run = job.execute_in_process(instance=instance, raise_on_error=False)
        assert not run.success
        context = dg.build_run_status_sensor_context(
            "failed_runs", run.get_run_failure_event(), instance, run.dagster_run
        )
        definitions.failed_runs(context.for_run_failure())
    stage = "pipeline_last_success_timestamp_seconds"
    assert measured(stage, stage="failed") > measured(stage, stage="begun")
    (failed,) = [row for row in ask("pipeline", "Stages") if row["stage"] == "failed"]
    assert failed["run"] == run.run_id


TEN_MILLION = """
INSERT INTO live_predictions
SELECT 'truth/answers/' || answered, 'm' || answered / 800, event % 7, event / 7, 50
FROM generate_series(1, 8760) AS answered, generate_series(0, 22) AS event;
INSERT INTO live_errors
SELECT 'truth/joined/' || answered, 'm' || answered / 800, now()::date - answered / 24 + later,
    answered % 24, CASE value WHEN 0 THEN '' ELSE 'carrier' END, value::text, 300, 2000, 40000
FROM generate_series(1, 8760) AS answered, generate_series(0, 20) AS value,
    generate_series(0, 3) AS later;
REFRESH MATERIALIZED VIEW predictions_by_weekday;
REFRESH MATERIALIZED VIEW live_errors_by_hour"""
"""A year of answers, each hour's with 23 hours of events, and outcomes that came over four days."""


@pytest.mark.usefixtures("summaries")
def test_each_panel_answers_within_a_second_when_ten_million_answers_are_stored():
    with summary_tables() as cursor:
        cursor.execute(TEN_MILLION)
    assert counted() >= 10_000_000
    seconds = {}
    for board in BOARDS.values():
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                if "rawSql" in target:
                    began = time.monotonic()
                    run_query(target["rawSql"])
                    seconds[panel["title"]] = time.monotonic() - began
    slowest = sorted(seconds.items(), key=lambda item: -item[1])[:3]
    print(slowest)
    assert slowest[0][1] < 3 * PANEL_SECONDS, slowest


def judged(models, version: str, champion: str | None) -> None:
    """Publish a version with an error of 9, whose champion has one of 12, and its verdict."""
    created = f"{version[:4]}-{version[4:6]}-{version[6:8]}T00:00:00+00:00"
    small_model.publish(
        models,
        version,
        created=created,
        metrics={METRIC: 9.0, f"baseline_{METRIC}": 70.0, f"rule_of_thumb_{METRIC}": 20.0},
        window={"from": "2025-01-01T00:00:00", "to": MIDDLE},
        rows={"training": 1, "judging": 1},
    )
    verdict = Verdict(
        version=version,
        verdict="promoted",
        reason="Better.",
        champion=champion,
        champion_error=12.0 if champion else None,
        time=created,
    )
    create(models, f"{VERDICTS}/{version}.json", as_json(verdict))


def error_of_the_champion() -> float | None:
    return measured("model_error", kind="champion")


def measured(metric: str, **labels: str) -> float | None:
    """Return what monitoring reads."""
    registry = CollectorRegistry()
    registry.register(Summaries(settings().summaries_url.get_secret_value()))
    return registry.get_sample_value(metric, labels)


def marks() -> list[str]:
    """Return the promotions as a board marks them."""
    annotations = BOARDS["pipeline"]["annotations"]["list"]
    (target,) = [mark["target"] for mark in annotations if mark["name"] == "Promotions"]
    return [mark["text"] for mark in run_query(target["rawSql"])]


def answers(world: World) -> list[dict]:
    """Return every answer in storage."""
    objects = [read(world.predictions, path) for path in names(world.predictions, ANSWERS)]
    return [json.loads(line) for content in objects for line in content.splitlines()]
