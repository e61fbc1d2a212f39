"""Months that were held back, fed in one at a time as if they came today: what is keeping up worth?

Three lines are compared on the same flights, each asked about before its outcome is known: the first champion,
frozen; the platform's own answers, kept up to date; and the rule of thumb. `ops/replay.py` leads through it.
"""

import json
import os
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from core import inference, registry
from core.database import connect, upsert
from core.schema import OUTCOME
from core.storage import bucket, create, names, read
from core.tables import TIME, question_columns
from model import source
from model.estimator import WINDOW_DAYS, rule_of_thumb
from model.features import features
from model.schema import Question
from processing.add import add
from processing.rows.ingest import check_batch
from processing.rows.reading import table
from processing.training import causes
from processing.training.bootstrap import interval
from processing.training.gate import verdicts
from processing.training.scores import answers, errors
from processing.training.window import newest_window
from processing.work import inputs_digest, is_done

SAMPLE = 2_000
"""How many rows of a month are asked about."""

PATIENCE = 900
"""Seconds that a run may take until the replay gives up."""

FROZEN, KEPT, RULE = "frozen", "kept up to date", "rule of thumb"


def next_questions() -> dict:
    """The first month that is not judged yet, and its questions; none if they have been answered already."""
    if registry.newest_promotion(bucket("models")) is None:
        raise SystemExit(
            "There is no model yet to begin with. `make up` trains one, or `make train`."
        )
    judged, answered = _stored("results"), _stored("answers")
    for month in getattr(source, "HELD_BACK", ()):
        if month not in judged:
            return {"month": month, "questions": [] if month in answered else questions(month)}
    return {}


def questions(month: str) -> list[dict]:
    """What is asked about the month, as the API takes it."""
    rows = sample(month).select(*Question.model_fields)
    return [
        Question.model_validate(row).model_dump(mode="json") for row in rows.iter_rows(named=True)
    ]


def sample(month: str) -> pl.DataFrame:
    """SAMPLE good rows of the month's file, the same ones each time, by time."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "raw"
        file.write_bytes(source.raw_file(month))
        raw = table(file, source.COLUMNS, Path(folder))
        good = pl.concat([check_batch(one.rows, marks=raw.marks)[0] for one in raw.batches()])
    chosen = good.sample(min(SAMPLE, len(good)), seed=0)
    return chosen.sort(TIME) if TIME in chosen.columns else chosen


def keep_answers(month: str, given: list[dict]) -> None:
    """Store what the three lines say of the month, before the platform gets to see its outcomes."""
    models, columns = bucket("models"), question_columns(sample(month))
    frozen = inference.load(models, registry.promotions(models)[0].version)
    known = newest_window(bucket("processed")).known
    known = known.after(
        known.times.max() - timedelta(days=max(WINDOW_DAYS))
    )  # a model learns from no more either
    rule = rule_of_thumb().fit(known.features.to_pandas(), known.outcomes)
    lines = {
        FROZEN: frozen.predict_columns(columns).tolist(),
        KEPT: [
            list(one["probabilities"].values()) if "probabilities" in one else one["prediction"]
            for one in given
        ],
        RULE: answers(rule, pl.DataFrame(features(columns))).tolist(),
    }
    stored = {"lines": lines, "models": sorted({one["model"] for one in given})}
    create(bucket("processed"), f"replay/answers/{month}.json", json.dumps(stored).encode())


def feed(month: str) -> None:
    """Hand the month's file over as `make add` does, and return when the pipeline has dealt with it."""
    rest()
    print(add(f"replay-{month}.csv", source.raw_file(month)), flush=True)
    if "DAGSTER_HOME" not in os.environ:
        from processing.run import run

        return run()
    deadline = time.monotonic() + PATIENCE
    while not is_done(inputs_digest()):
        if time.monotonic() > deadline:
            raise SystemExit(
                "The pipeline has not finished; look at /pipelines/runs, and `make replay` goes on from here."
            )
        time.sleep(2)


def rest() -> None:
    """Wait until new rows may lead to a training: here a month passes in less than the cool-down."""
    last = causes.last_candidate(bucket("models"))
    since = datetime.now(UTC) - datetime.fromisoformat(last["created"])
    wait = (causes.NEW_ROWS.cool_down - since).total_seconds()
    if wait > PATIENCE:
        raise SystemExit(
            f"The next training may begin in {wait:.0f} s; shorten NEW_ROWS in model/retraining.py."
        )
    if wait > 0:
        print(
            f"The next training may begin in {wait:.0f} s (NEW_ROWS in model/retraining.py) ...",
            flush=True,
        )
        time.sleep(wait)


def judge(month: str) -> dict:
    """Each line's error on the rows whose outcome is known by now, stored with its interval."""
    rows = sample(month)
    known = rows[OUTCOME].is_not_null().to_numpy()
    actual = rows[OUTCOME].to_numpy()[known]
    stored = json.loads(read(bucket("processed"), f"replay/answers/{month}.json"))
    found = {"month": month, "rows": len(actual), "models": stored["models"], "lines": {}}
    for line, given in stored["lines"].items():
        wrong = errors(actual, np.array(given)[known])
        low, high = interval(wrong)
        found["lines"][line] = {"error": float(wrong.mean()), "low": low, "high": high}
    create(
        bucket("processed"), f"replay/results/{month}.json", json.dumps(found, indent=1).encode()
    )
    return found


def results() -> list[dict]:
    """Every month that has been replayed."""
    processed = bucket("processed")
    return [json.loads(read(processed, name)) for name in names(processed, "replay/results")]


def write_table() -> None:
    """Bring the table that the board shows up to date, where there is a database."""
    connection = connect()
    if connection is None:
        return
    rows = [
        {"month": f"{one['month']}-01", "line": line, "rows": one["rows"], **measured}
        for one in results()
        for line, measured in one["lines"].items()
    ]
    with closing(connection), connection, connection.cursor() as cursor:
        upsert(cursor, "replay", "month, line", rows)


def replay(month: str, given: list[dict]) -> None:
    """One month from its answers to its figures; what an interrupted replay has done is not done again."""
    if month not in _stored("answers"):
        keep_answers(month, given)
    feed(month)
    newest = max(verdicts(bucket("models")), key=lambda verdict: verdict["time"])
    print(f"{newest['version']}: {newest['reason']}")
    figures = judge(month)["lines"]
    write_table()
    print(
        f"{month}: "
        + ", ".join(f"{line} {measured['error']:.2f}" for line, measured in figures.items()),
        flush=True,
    )


def _stored(what: str) -> set[str]:
    return {Path(name).stem for name in names(bucket("processed"), f"replay/{what}")}


if __name__ == "__main__":
    if sys.argv[1:] == ["questions"]:
        print(json.dumps(next_questions()))
    elif sys.argv[1:] == ["results"]:
        print(json.dumps(results()))
    else:
        replay(sys.argv[1], json.load(sys.stdin))
