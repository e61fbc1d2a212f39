"""Each figure that a board takes from the summary tables, recomputed from what storage holds.

test_figures.py puts this into a project's tests and gives it a database in SUMMARIES_URL.
"""

import json
import re
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from core import registry
from core.database import summary_tables
from core.layout import ANSWERS, BATCHES, VERDICTS
from core.schema import OUTCOME
from core.settings import settings
from core.storage import as_json, create, listed, names, read
from core.tables import TIME, read_parquet
from model import source
from model.source import EXPECTED_DAYS
from processing import steps
from processing.answers import truth
from processing.champion import roll_back
from processing.summaries import batches, live_answers, live_errors, tables
from processing.summaries.metrics import Summaries
from processing.training.gate import Verdict
from processing.training.scores import METRIC
from prometheus_client import CollectorRegistry
from tests.test_truth import ANSWER, HOURS, World

from tests import small_model

BOARDS = {path.stem: json.loads(path.read_text()) for path in Path("dashboard/boards").glob("*")}
MIDDLE, END = "2013-03-17T23:00:00", "2013-04-01"
"""Of the newest month."""

OLD, NEW = "20130310-aaaaaaaa", "20130317-bbbbbbbb"


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
    (target,) = panel["targets"]
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
        {"origin": line["question"]["origin"], "error": abs(ANSWER - actual[line["id"]])}
        for line in stored
    )
    shown = {row["slice"]: row for row in ask("predictions", "Live error by slice")}
    assert shown["all"]["answers"] == len(ids)
    assert shown["all"]["live error"] == pytest.approx(errors["error"].mean())
    for origin, error in errors.group_by("origin").agg(pl.mean("error")).iter_rows():
        assert shown[f"origin {origin}"]["live error"] == pytest.approx(error)
    (point,) = ask("predictions", "Live error by version")
    assert point["error"] == pytest.approx(errors["error"].mean())


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
    judged(models, "20130430-cccccccc", NEW)
    tables.write_all()
    assert error_of_the_champion() is None


def test_a_file_that_can_t_be_used_is_told_until_a_later_one_of_its_name_can(rows):
    raw = rows("raw")
    create(raw, "by-hand.csv", b"not,what\nis,asked\n")
    steps.check_rows()
    tables.write_all()
    assert measured("raw_file_unusable", source="by-hand.csv") == 1
    assert measured("raw_expected_days") == EXPECTED_DAYS
    raw.put("by-hand.csv", source.raw_file("2013-04"))
    steps.check_rows()
    tables.write_all()
    assert measured("raw_file_unusable", source="by-hand.csv") is None


def judged(models, version: str, champion: str | None) -> None:
    """Publish a version with an error of 9, whose champion has one of 12, and its verdict."""
    created = f"{version[:4]}-{version[4:6]}-{version[6:8]}T00:00:00+00:00"
    small_model.publish(
        models,
        version,
        created=created,
        metrics={METRIC: 9.0, f"baseline_{METRIC}": 70.0, f"rule_of_thumb_{METRIC}": 20.0},
        window={"from": "2013-01-01T00:00:00", "to": MIDDLE},
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
