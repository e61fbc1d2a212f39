"""Answers are compared with reported outcomes and raw files, and the boards show the errors."""

import csv
import io
import json

import pytest
from running import rows, targets, until

OUTCOME = 345.0


def flights(stack, number: int) -> list[dict]:
    """Return flights of May as raw rows: other tests bring flights of April."""
    code = (
        "from model.source import month_of_flights as m; print(m('2013-05').head(200).write_csv())"
    )
    rows = csv.DictReader(io.StringIO(stack.inside("processing", code).strip()))
    return [row for row in rows if row["air_time"].isdigit()][:number]


def question(row: dict) -> dict:
    departure = f"2013-05-{int(row['day']):02}T{int(row['hour']):02}:{int(row['minute']):02}:00"
    texts = {name: row[name] for name in ("origin", "dest", "carrier")}
    return texts | {
        "departure": departure,
        "distance": float(row["distance"]),
        "flight": int(row["flight"]),
    }


def total(stack, model: str) -> tuple[int, float]:
    """Count the rows with an outcome and add up their errors; other tests may have left some."""
    query = "SELECT coalesce(sum(rows), 0), coalesce(sum(error_total), 0) FROM live_errors"
    ((rows_known, error),) = stack.sql(f"{query} WHERE model = '{model}' AND slice = ''")
    return int(rows_known), float(error)


def test_outcomes_become_a_live_error_in_the_tables_and_on_the_board(stack, api, visitor):
    raw = flights(stack, 20)
    answers = [api.post("/v1/predict", json=question(row)).raise_for_status().json() for row in raw]
    model = answers[0]["model"]
    rows_before, error_before = total(stack, model)

    def is_known(number: int, error: float) -> bool:
        rows_known, error_known = total(stack, model)
        return rows_known == rows_before + number and error_known == pytest.approx(
            error_before + error, abs=0.01
        )

    reports = [{"id": answer["id"], "actual": OUTCOME} for answer in answers[:10]]
    api.post("/v1/outcomes", json=reports).raise_for_status()
    expected = sum(abs(answer["prediction"] - OUTCOME) for answer in answers[:10])
    until(lambda: is_known(10, expected), 150, "the reported outcomes are in the table")

    file = stack.project.parent / "outcomes.csv"
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, raw[0].keys())
        writer.writeheader()
        writer.writerows(raw[10:])
    assert stack.make("add", f"FILE={file}").returncode == 0
    late = zip(raw[10:], answers[10:], strict=True)
    expected += sum(abs(float(row["air_time"]) - answer["prediction"]) for row, answer in late)
    until(lambda: is_known(20, expected), 180, "those of the raw file are in the table too")

    of_model = f"WHERE model = '{model}' GROUP BY slice ORDER BY slice"
    by_slice = f"SELECT slice, sum(rows) FROM live_errors {of_model}"
    count = str(rows_before + 20)
    assert stack.sql(by_slice) == [["", count], ["carrier", count], ["origin", count]]
    shown = {
        title: rows(visitor, board, target)
        for board, title, target in targets(visitor, "predictions")
    }
    assert shown["Live error by slice"] > 2 and shown["Live error by version"] >= 1


def test_metrics_say_what_the_card_promised(visitor, card):
    def promised() -> float:
        query = {"query": 'live_error{kind="promised"}'}
        series = visitor.get("/prometheus/api/v1/query", params=query).json()["data"]["result"]
        return float(series[0]["value"][1])

    def as_promised() -> bool:
        return abs(promised() - card["metrics"]["mean_absolute_error"]) < 1e-6

    until(as_promised, 60, "the metric is the card's")


STORE = """
import json, time
from datetime import UTC, datetime, timedelta
from core.answers import HOUR
from core.ids import new_id
from core.storage import bucket, create
then = datetime.now(UTC) - timedelta(hours=4)
for number in range(60):
    line = {"id": new_id(), "time": then.isoformat(), "client": "owner", "model": "none",
            "key": None, "question": {}, "prediction": 1.0}
    create(bucket("predictions"), f"live/{then:{HOUR}}/merge-{number}.jsonl",
           json.dumps(line).encode())
print(f"{then:{HOUR}}")
"""
"""For a replica: answers of an hour that is over, an object each, as light traffic makes them."""

MERGE = """
import json
from datetime import timedelta
from core.storage import bucket, names
from processing.answers import hourly, merging, truth
hourly.how_far_back = lambda *_: timedelta(hours=26)
truth.join()
store, hour = bucket("predictions"), "{hour}"
before = sorted(merging.lines(store, merging.GIVEN, hour))
merging.merge()
left = [len(names(store, f"{{folder}}/{{hour}}")) for folder in ("live", "merged/live")]
print(json.dumps([*left, before == sorted(merging.lines(store, merging.GIVEN, hour))]))
"""


def test_answers_of_an_hour_that_is_over_become_one_object(stack, card):
    assert card
    hour = stack.inside("prediction", STORE).split()[-1]
    said = stack.inside("processing", MERGE.format(hour=hour))
    assert json.loads(said.splitlines()[-1]) == [0, 1, True]
