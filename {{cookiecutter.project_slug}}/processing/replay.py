"""Files that were held back, fed in one at a time as if they came today: is keeping up worth it?

Four lines are compared on the same rows, each asked about before its outcome is known: the first
champion, frozen; the platform's own answers, kept up to date; the heuristic of model/estimator.py;
and of all versions published by then the one that hindsight calls best. `ops/replay.py` leads
through it.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

import numpy as np
import polars as pl

from core import features, inference, registry
from core.card import Cost
from core.database import summary_tables, upsert
from core.layout import REPLAY_ANSWERS, REPLAY_RESULTS, Folder
from core.schema import OUTCOME
from core.storage import as_json, bucket, create, names, read_json
from core.tables import TIME, question_columns
from model import retraining, source
from model.estimator import WINDOW_DAYS, rule_of_thumb
from model.schema import Question
from processing.add import add
from processing.rows.ingest import check_batch
from processing.rows.reading import table
from processing.training import causes
from processing.training.bootstrap import interval
from processing.training.cost import together
from processing.training.gate import verdicts
from processing.training.references import fit_reference
from processing.training.scores import errors
from processing.training.window import newest_window
from processing.work import inputs_digest, is_done

SAMPLE = 2_000
"""How many rows of a file are asked about."""

PATIENCE = 900
"""Seconds that a run may take until the replay gives up."""

FROZEN, KEPT, HEURISTIC = "frozen", "kept up to date", "heuristic"
HINDSIGHT = "best in hindsight"


class LineError(TypedDict):
    """The mean error of a line, and its interval."""

    error: float
    low: float
    high: float


class Period(TypedDict):
    """A replayed file: its first event, how many rows were evaluated, and each line's error."""

    period: str
    start: str
    rows: int
    models: list[str]
    best: str
    """The version that hindsight calls best."""
    lines: dict[str, LineError]


def next_questions() -> dict:
    """Return the first file without a result and its questions; none if they are answered."""
    if registry.newest_promotion(bucket("models")) is None:
        raise SystemExit(
            "There is no model yet to begin with. Run `make up` or `make train` first."
        )
    finished, answered = _periods(REPLAY_RESULTS), _periods(REPLAY_ANSWERS)
    for period in getattr(source, "HELD_BACK", ()):
        if period not in finished:
            return {"period": period, "questions": [] if period in answered else questions(period)}
    return {}


def questions(period: str) -> list[dict]:
    """Return what is asked about a file's rows, as the API takes it."""
    rows = sample(period).select(*Question.model_fields).iter_rows(named=True)
    return [Question.model_validate(row).model_dump(mode="json") for row in rows]


def sample(period: str) -> pl.DataFrame:
    """Return SAMPLE good rows of a file, the same ones each time, by time."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "raw"
        file.write_bytes(source.raw_file(period))
        raw = table(file, source.COLUMNS, Path(folder))
        good = pl.concat([check_batch(one.rows, marks=raw.marks)[0] for one in raw.batches()])
    chosen = good.sample(min(SAMPLE, len(good)), seed=0)
    return chosen.sort(TIME) if TIME in chosen.columns else chosen


def keep_answers(period: str, answers: list[dict]) -> None:
    """Store what each line says of a file's rows, before the platform sees their outcomes.

    `answers` are the API's, each with the `model` that gave it.
    """
    columns = question_columns(sample(period))
    versions = {version: model.predict_columns(columns).tolist() for version, model in _published()}
    lines = {
        FROZEN: versions[registry.promotions(bucket("models"))[0].version],
        KEPT: [_predicted(answer) for answer in answers],
        HEURISTIC: _heuristic(columns).tolist(),
    }
    models = sorted({answer["model"] for answer in answers})
    content = {"lines": lines, "models": models, "versions": versions}
    create(bucket("processed"), f"{REPLAY_ANSWERS}/{period}.json", json.dumps(content).encode())


def _published() -> Iterator[tuple[str, inference.Model]]:
    """Yield each version that can answer."""
    models = bucket("models")
    for version in registry.versions(models):
        with suppress(inference.Refused, FileNotFoundError):  # retention deletes some models
            yield version, inference.load(models, version)


def _predicted(answer: dict) -> float | list[float]:
    probabilities = answer.get("probabilities")
    return list(probabilities.values()) if probabilities else answer["prediction"]


def _heuristic(columns: dict[str, np.ndarray]) -> np.ndarray:
    """Return the heuristic's predictions; it learns from as many days as a model at most."""
    labelled = newest_window(bucket("processed")).labelled.newest(max(WINDOW_DAYS))
    rows = pl.DataFrame(features.compute(columns))
    return fit_reference(rule_of_thumb, labelled, rows)


def feed(period: str) -> None:
    """Add a file as `make add` does, and return when the pipeline has processed it."""
    cool_down()
    print(add(f"replay-{period}.csv", source.raw_file(period)), flush=True)
    if "DAGSTER_HOME" not in os.environ:
        from processing.run import run

        return run()
    deadline = time.monotonic() + PATIENCE
    while not is_done(inputs_digest()):
        if time.monotonic() > deadline:
            raise SystemExit(
                "The pipeline has not finished; see /pipelines/runs. `make replay` resumes here."
            )
        time.sleep(2)


def cool_down() -> None:
    """Wait until new rows may lead to a training: here time passes faster than that."""
    last = causes.last_candidate(bucket("models"))
    if last is None:
        return
    since = datetime.now(UTC) - datetime.fromisoformat(last["created"])
    wait = (retraining.NEW_ROWS.cool_down - since).total_seconds()
    if wait > PATIENCE:
        raise SystemExit(
            f"The next training may begin in {wait:.0f} s; shorten NEW_ROWS in model/retraining.py."
        )
    if wait > 0:
        print(f"The next training may begin in {wait:.0f} s (NEW_ROWS in model/retraining.py) ...")
        sys.stdout.flush()
        time.sleep(wait)


def evaluate(period: str) -> Period:
    """Measure each line's error on the rows whose outcome is known by now, and store it."""
    rows = sample(period)
    labelled = rows[OUTCOME].is_not_null().to_numpy()
    actual = rows[OUTCOME].to_numpy()[labelled]
    answers = read_json(bucket("processed"), f"{REPLAY_ANSWERS}/{period}.json")

    def error(predicted: list) -> LineError:
        return _line_error(actual, np.array(predicted)[labelled])

    versions = {version: error(predicted) for version, predicted in answers["versions"].items()}
    best = min(versions, key=lambda version: versions[version]["error"])
    result = Period(
        period=period,
        start=_start(rows),
        rows=len(actual),
        models=answers["models"],
        best=best,
        lines={line: error(predicted) for line, predicted in answers["lines"].items()}
        | {HINDSIGHT: versions[best]},
    )
    create(bucket("processed"), f"{REPLAY_RESULTS}/{period}.json", as_json(result))
    return result


def _start(rows: pl.DataFrame) -> str:
    """Return the day of the first event, or today where rows have no time of their own."""
    first = rows[TIME].min() if TIME in rows.columns else datetime.now(UTC)
    return f"{first:%Y-%m-%d}"


def _line_error(actual: np.ndarray, predicted: np.ndarray) -> LineError:
    of_rows = errors(actual, predicted)
    low, high = interval(of_rows)
    return {"error": float(of_rows.mean()), "low": low, "high": high}


def results() -> list[Period]:
    """Return every file that has been replayed."""
    processed = bucket("processed")
    return [read_json(processed, path) for path in names(processed, REPLAY_RESULTS)]


def spent() -> Cost:
    """Return what all trainings since the first champion have cost."""
    models = bucket("models")
    first = registry.promotions(models)[0].version
    cards = [registry.card(models, name) for name in registry.versions(models) if name != first]
    return together([card["cost"] for card in cards if "cost" in card])


def write_table() -> None:
    """Bring the table that the board shows up to date, where there is a database."""
    rows = [
        {"month": result["start"], "line": line, "rows": result["rows"], **error}
        for result in results()
        for line, error in result["lines"].items()
    ]
    with summary_tables() as cursor:
        if cursor:
            upsert(cursor, "replay", "month, line", rows)


def replay(period: str, answers: list[dict]) -> None:
    """Replay a file from its answers to its errors. What an interrupted replay did is kept."""
    if period not in _periods(REPLAY_ANSWERS):
        keep_answers(period, answers)
    judged = len(verdicts(bucket("models")))
    feed(period)
    print(_came_of_it(judged))
    lines = evaluate(period)["lines"]
    write_table()
    shown = ", ".join(f"{line} {error['error']:.2f}" for line, error in lines.items())
    print(f"{period}: {shown}", flush=True)


def _came_of_it(judged: int) -> str:
    """Return what a run decided, or why it did not; so many were judged before it."""
    models = bucket("models")
    if len(verdicts(models)) > judged:
        newest = max(verdicts(models), key=lambda verdict: verdict["time"])
        return f"{newest['version']}: {newest['reason']}"
    last, least = causes.last_candidate(models), retraining.NEW_ROWS.least_rows
    since = datetime.fromisoformat(last["created"]) if last else datetime.min.replace(tzinfo=UTC)
    new = causes.labelled_rows_since(bucket("processed"), since)
    if new < least:
        return (
            f"No model was trained: {new:,} rows with an outcome are new, and NEW_ROWS in "
            f"model/retraining.py asks for {least:,}."
        )
    return "No model was trained; what the run printed says why."


def _periods(folder: Folder) -> set[str]:
    return {Path(path).stem for path in names(bucket("processed"), folder)}


if __name__ == "__main__":
    if sys.argv[1:] == ["questions"]:
        print(json.dumps(next_questions()))
    elif sys.argv[1:] == ["results"]:
        print(json.dumps(results()))
    elif sys.argv[1:] == ["cost"]:
        print(json.dumps(spent()))
    else:
        replay(sys.argv[1], json.load(sys.stdin))
