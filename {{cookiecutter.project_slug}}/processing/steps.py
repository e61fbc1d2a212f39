"""The way of the data, step by step. Each step finds its work in storage and leaves its result there.

So a step can be repeated at any time, and what a broken run left undone is done by the next one.
"""

import logging
from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime
from functools import partial

from core import inference, registry
from core.storage import bucket
from processing.answers import alarm, batch, truth
from processing.rows import features, ingest
from processing.rows.raw import unchecked
from processing.rows.threads import in_order
from processing.sources.problem import SourceProblem
from processing.summaries import live_errors, tables
from processing.summaries.annotations import annotate_promotions
from processing.training import candidate, drift, gate
from processing.training.causes import causes
from processing.training.window import TooFewRows, newest_digest, newest_window
from processing.work import mark_done

log = logging.getLogger(__name__)

MOST_REASONS = 3
"""So many of the reasons why rows were rejected are said at the end of a run; the tables have all of them."""


def fetch_raw() -> dict:
    """Fetch what the source can deliver. One that is away holds up nothing that came another way."""
    try:
        return {"new_files": len(ingest.fetch(bucket("raw")))}
    except SourceProblem as problem:
        log.warning("%s", problem)
        return {"problem": str(problem)}


def check_rows() -> dict:
    """Check every raw file that has not been checked."""
    raw, processed = bucket("raw"), bucket("processed")
    reports = [_checked(raw, processed, file) for file in unchecked(raw, processed)]
    why = sum((Counter(report["reasons"]) for report in reports), Counter()).most_common(
        MOST_REASONS
    )
    return {
        "files": len(reports),
        **{
            count: sum(report[count] for report in reports)
            for count in ("rows_accepted", "rows_rejected")
        },
        **({"why": "; ".join(f"{reason} ({rows})" for reason, rows in why)} if why else {}),
    }


def _checked(raw, processed, file) -> dict:
    report = ingest.check(raw, processed, file)
    log.info("%(source)s: %(rows_accepted)d rows accepted, %(rows_rejected)d rejected", report)
    if report["error"]:
        log.warning("%(source)s: %(error)s", report)
    return report


def compute_features() -> dict:
    """Compute the features of every part that has none by today's code."""
    processed = bucket("processed")
    missing = features.without_features(processed)
    deque(in_order(partial(features.store_features, processed), missing), maxlen=0)
    return {"parts": len(missing)}


def measure_drift() -> dict:
    """Hold the rows that are newer than all the champion knew against those that it was trained on."""
    processed, promotion = bucket("processed"), registry.newest_promotion(bucket("models"))
    if promotion is None:
        return {"reason": "No model has been promoted yet."}
    card = registry.card(bucket("models"), promotion.version)
    if card["window"]["digest"] == newest_digest(processed):
        return {"reason": "No rows have come since the champion was trained."}
    try:
        known = newest_window(processed).known
    except TooFewRows as reason:
        return {"reason": str(reason)}
    since = known.after(datetime.fromisoformat(card["judged_on"]["to"]))
    if not len(since):
        return {
            "reason": "All rows that have come are older than the newest that the champion was judged on."
        }
    measured = drift.store(processed, promotion.version, len(since), drift.measure(card, since))
    drifted = [column["name"] for column in measured["columns"] if column["alarm"]]
    return {"rows": len(since), "drifted": ", ".join(drifted) or "nothing"}


def train_candidate() -> dict:
    """Where there is a cause, train on the newest rows, convert, and publish with a card."""
    processed, models = bucket("processed"), bucket("models")
    found = causes(processed, models)
    if not found:
        return {"reason": "There is no cause to train; model/retraining.py says when there is."}
    try:
        version = candidate.train(models, newest_window(processed), found)
    except TooFewRows as reason:
        log.warning("No candidate. %s", reason)
        return {"reason": str(reason)}
    return {"version": version, "causes": " ".join(found)} | registry.card(models, version)[
        "metrics"
    ]


def judge_candidate() -> dict:
    """Compare the candidate with the champion and the naive baseline; promote it if it is better."""
    models = bucket("models")
    try:
        window = newest_window(bucket("processed"))
    except TooFewRows as reason:
        return {"reason": str(reason)}
    version = candidate.version_of(window)
    if version not in registry.versions(models):
        return {"reason": "There is no new candidate."}
    verdict = gate.judge(models, window, version)
    annotate_promotions(registry.promotions(models))
    return {name: verdict[name] for name in ("version", "verdict", "reason")}


def predict_batch() -> dict:
    """Predict the newest month with the champion."""
    models = bucket("models")
    promotion = registry.newest_promotion(models)
    if promotion is None:
        return {"reason": "No model has been promoted yet."}
    model = inference.load(models, promotion.version)
    return {"object": batch.predict_newest_month(bucket("processed"), bucket("predictions"), model)}


def summarise() -> dict:
    """Join answers with outcomes, write the tables that dashboards and people read, and end the run."""
    joined = {f"joined_{what}": number for what, number in truth.join().items()}
    live_errors.write_live_errors()
    alarm.measure()
    written = tables.write_all()
    mark_done()
    return joined | written


STEPS: dict[str, Callable[[], dict]] = {
    "raw": fetch_raw,
    "rows": check_rows,
    "features": compute_features,
    "drift": measure_drift,
    "candidate": train_candidate,
    "champion": judge_candidate,
    "batch_predictions": predict_batch,
    "summaries": summarise,
}
"""Each step by the name of what it makes, in their order."""
