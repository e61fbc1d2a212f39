"""Another use case, with three uneven classes, texts and numbers: only `model/` is replaced."""

import json
import shutil
from pathlib import Path

import pytest
from conftest import ROOT
from running import firing, rows, started, targets, until, without_data

MONTH = "2026-04"
"""It brings something new, so a model that has learned from it is better."""

FATES = {"on time", "late", "lost"}
REPORTED = 60


def replace_model(project: Path) -> None:
    """Replace what the README names: four files."""
    shutil.copytree(ROOT / "tests/usecases/parcels", project / "model", dirs_exist_ok=True)


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with started(tmp_path_factory.mktemp("parcels"), "parcels", replace_model) as running:
        yield running


@pytest.fixture(scope="module")
def new_month(stack) -> list[dict]:
    """Return rows of a month that the platform does not know yet."""
    code = f"""
import io, json, polars as pl
from model.schema import Question, Outcome
from model.source import raw_file
from processing.rows.ingest import check_batch
raw = pl.read_csv(io.BytesIO(raw_file({MONTH!r})), infer_schema=False)
rows, _ = check_batch(raw.with_row_index("row", offset=1))
questions = rows.select(*Question.model_fields).head({REPORTED}).to_dicts()
fates = rows["fate"].head({REPORTED})
print(json.dumps([
    {{"question": Question.model_validate(question).model_dump(mode="json"), "fate": fate}}
    for question, fate in zip(questions, fates)
]))
"""
    return json.loads(stack.inside("processing", code))


def test_an_answer_is_a_class_with_the_probability_of_each(api, new_month):
    answer = api.post("/v1/predict", json=new_month[0]["question"]).raise_for_status().json()
    assert answer["prediction"] == max(answer["probabilities"], key=answer["probabilities"].get)
    assert answer["probabilities"].keys() == FATES
    assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-5)


def test_the_card_has_the_figures_of_classes(api):
    card = api.get("/v1/model").raise_for_status().json()
    metrics = card["metrics"]
    assert 0 < metrics["log_loss"] < metrics["baseline_log_loss"]
    assert {"accuracy", "balanced_accuracy", "brier_score", "roc_auc"} < metrics.keys()
    assert not any("absolute" in name or "squared" in name for name in metrics)
    assert (card["task"], card["outcome"]["name"]) == ("classification", "fate")


def test_the_description_of_the_api_names_the_classes(visitor):
    schemas = visitor.get("/openapi.json").raise_for_status().json()["components"]["schemas"]
    answer = schemas["Answer"]["properties"]
    assert (
        set(answer["prediction"]["enum"])
        == set(answer["probabilities"]["propertyNames"]["enum"])
        == FATES
    )
    assert set(schemas["Report"]["properties"]["actual"]["enum"]) == FATES


def test_a_class_that_is_none_is_refused_and_the_others_are_named(api, new_month):
    asked = api.post("/v1/predict", json=new_month[0]["question"]).json()
    reply = api.post("/v1/outcomes", json={"id": asked["id"], "actual": "stolen"})
    assert reply.status_code == 422 and all(fate in reply.text for fate in FATES)


def test_outcomes_become_live_errors(stack, api, new_month):
    questions = {"questions": [row["question"] for row in new_month]}
    batch = api.post("/v1/predict/batch", json=questions).raise_for_status().json()
    reports = [
        {"id": answer["id"], "actual": row["fate"]}
        for answer, row in zip(batch["predictions"], new_month, strict=True)
    ]
    assert api.post("/v1/outcomes", json=reports).raise_for_status().json()["accepted"] == REPORTED
    where = f"slice = '' AND model = '{batch['model']}' AND rows = {REPORTED}"
    query = f"SELECT error_total FROM live_errors WHERE {where}"
    ((total,),) = until(lambda: stack.sql(query), 240, "the live error is in the tables")
    assert float(total) > 0


def test_a_new_file_leads_to_a_newer_model_that_answers(stack, api, tmp_path):
    before = api.get("/v1/model").json()["version"]
    code = f"from model.source import raw_file; print(raw_file({MONTH!r}).decode(), end='')"
    (tmp_path / "april.csv").write_text(stack.inside("processing", code))
    added = stack.make("add", f"FILE={tmp_path / 'april.csv'}")
    assert added.returncode == 0, added.stdout

    def newer() -> dict | None:
        card = api.get("/v1/model").json()
        return card if card["version"] != before else None

    card = until(newer, 240, "a newer model")
    assert card["window"]["to"] > MONTH
    judged = f"SELECT verdict, reason FROM models WHERE version = '{card['version']}'"
    ((verdict, reason),) = until(lambda: stack.sql(judged), 60, "its verdict is in the tables")
    assert verdict == "promoted" and "log loss" in reason and "the champion's" in reason


@pytest.mark.parametrize("uid", ["predictions", "pipeline"])
def test_every_panel_has_data(visitor, uid):
    queries = list(targets(visitor, uid))

    def all_have_data() -> bool:
        empty = without_data(visitor, queries)
        assert not empty, empty
        return True

    until(all_have_data, 240, f"every panel of {uid} has data")


def test_the_boards_hold_what_was_expected_of_each_class_against_what_came(stack, visitor):
    share = "sum(expected) / sum(compared), sum(actual)::float / sum(compared)"
    by_class = {
        name: map(float, both)
        for name, *both in stack.sql(f"SELECT class, {share} FROM classes GROUP BY 1")
    }
    assert by_class.keys() == FATES
    for expected, came in by_class.values():
        assert expected == pytest.approx(came, abs=0.1)
    queries = [*targets(visitor, "predictions"), *targets(visitor, "pipeline")]
    lines = {
        title: rows(visitor, board, target)
        for board, title, target in queries
        if title.endswith("by month")
    }
    assert lines["Predicted and actual, by month"] >= 3
    assert lines["Mean outcome by month"] == 3 * lines["Rows by month"]


def test_the_front_page_gets_the_card(visitor):
    card = visitor.get("/status/model").raise_for_status().json()
    answer = card["example"]["answer"]
    assert answer["probabilities"][answer["prediction"]] > 0


def test_the_first_notebook_runs(stack):
    stack.compose(
        *(
            "exec",
            "-T",
            "jupyterlab",
            "jupyter",
            "execute",
            "--output=/tmp/ran.ipynb",
            "/notebooks/first-look.ipynb",
        )
    )
    said = stack.compose("exec", "-T", "jupyterlab", "cat", "/tmp/ran.ipynb").stdout
    assert "image/png" in said and "log loss" in said


def test_no_alert_fires_but_that_the_month_is_unlike_those_before(visitor):
    assert firing(visitor).keys() <= {"Drift"}
