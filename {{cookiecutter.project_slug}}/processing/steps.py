"""The way of the data, step by step. Each step finds its work in storage and leaves it there.

So a step can be repeated at any time, and what a broken run left undone is done by the next one.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator

from core import inference, registry
from core.attempt import Facts, attempt
from core.inference import Refused
from core.quarantine import Quarantine
from core.storage import bucket
from processing.answers import alarm, batch, merging, truth
from processing.answers.turns import turn
from processing.rows import features, ingest
from processing.rows import merging as rows_merging
from processing.rows.raw import FileReport, unchecked
from processing.sources.problem import SourceProblem
from processing.summaries import batches, live_errors, pairs, tables, warnings
from processing.training import aging, candidate, gate
from processing.training.aging import NothingToMeasure
from processing.training.causes import causes
from processing.training.drift import drifted
from processing.training.rows import TooFewRows
from processing.training.window import newest_digest, newest_window
from processing.way import STEPS
from processing.work import mark_done

log = logging.getLogger(__name__)

MOST_REASONS = 3
"""So many reasons for rejected rows are named at the end of a run; the tables have all of them."""


def fetch_raw() -> Facts:
    """Fetch what the source can deliver. One that is away holds up nothing that came otherwise."""
    sources = Quarantine(bucket("processed"), "sources")
    try:
        new_files = ingest.fetch(bucket("raw"))
    except (SourceProblem, ConnectionError, TimeoutError) as problem:
        reason = str(problem) or type(problem).__name__
        sources.add("model/source.py", reason)
        return {"problem": reason}
    sources.release("model/source.py")
    return {"new_files": len(new_files)}


def check_rows() -> Facts:
    """Check every raw file that has not been checked."""
    raw, processed = bucket("raw"), bucket("processed")
    reports: list[FileReport] = []
    for number, file in enumerate(unchecked(raw, processed), 1):
        reports.append(report := ingest.check(raw, processed, file))
        if number % rows_merging.MANY == 0:
            attempt("merge rows", merge_rows)
        log.info("%(source)s: %(rows_accepted)d rows accepted, %(rows_rejected)d rejected", report)
        if report["error"]:
            log.warning("%(source)s: %(error)s", report)
    attempt("merge rows", merge_rows)
    counts = ("rows_accepted", "rows_rejected")
    facts = {count: sum(report[count] for report in reports) for count in counts}
    return {"files": len(reports)} | facts | _why_rejected(reports)


def merge_rows() -> Facts:
    """Merge small parts of a month, so that the next file is held against few of them."""
    with turn("rows"):
        return rows_merging.merge(bucket("processed"))


def _why_rejected(reports: list[FileReport]) -> Facts:
    reasons = Counter()
    for report in reports:
        reasons.update(report["reasons"])
    if not reasons:
        return {}
    most_frequent = reasons.most_common(MOST_REASONS)
    return {"why": "; ".join(f"{reason} ({rows})" for reason, rows in most_frequent)}


def compute_features() -> Facts:
    """Compute the features of every part that has none by today's code."""
    return {"parts": features.store_missing(bucket("processed"))}


def measure_drift() -> Facts:
    """Compare rows that are newer than any the champion saw with those it was trained on."""
    try:
        measurement = aging.measure(bucket("processed"), bucket("models"))
    except (NothingToMeasure, TooFewRows, Refused) as reason:
        return {"reason": str(reason)}
    return {"rows": measurement["rows"], "drifted": ", ".join(drifted(measurement)) or "nothing"}


def train_candidate() -> Facts:
    """Train on the newest rows if there is a cause, convert, and publish with a card."""
    processed, models = bucket("processed"), bucket("models")
    sentences = causes(processed, models)
    if not sentences:
        return {"reason": "There is no cause to train; model/retraining.py says when there is."}
    try:
        version = candidate.train(models, newest_window(processed), sentences)
    except TooFewRows as reason:
        log.warning("No candidate. %s", reason)
        return {"reason": str(reason)}
    card = registry.card(models, version)
    warning = card.get("outcomes", {}).get("warning")
    facts = {"version": version, "causes": " ".join(sentences), **card["metrics"]}
    return facts | ({"warning": warning} if warning else {})


def judge_candidate() -> Facts:
    """Compare the candidate with champion and naive baseline; promote it if it is better."""
    models = bucket("models")
    if not candidate.may_be_published(models, newest_digest(bucket("processed"))):
        return {"reason": "There is no new candidate."}
    try:
        window = newest_window(bucket("processed"))
    except TooFewRows as reason:
        return {"reason": str(reason)}
    version = candidate.version_of(window)
    if version not in registry.versions(models):
        return {"reason": "There is no new candidate."}
    caution = gate.caution(bucket("processed"), models)
    verdict = gate.judge(models, window, version, caution)
    tables.write_promotions()
    return {
        "version": verdict["version"],
        "verdict": verdict["verdict"],
        "reason": verdict["reason"],
    }


def predict_batch() -> Facts:
    """Predict the newest month with the champion."""
    models = bucket("models")
    promotion = registry.newest_promotion(models)
    if promotion is None:
        return {"reason": "No model has been promoted yet."}
    model = inference.load(models, promotion.version)
    path = batch.predict_newest_month(bucket("processed"), bucket("predictions"), model)
    return {"object": path}


def summarise() -> Facts:
    """Join answers with outcomes, write the summary tables, and end the run."""
    facts = {f"joined_{kind}": count for kind, count in attempt("join", truth.join).items()}
    attempt("live errors", live_errors.write_live_errors)
    attempt("pairs", pairs.write_pairs)
    attempt("live error", measure_live_error)
    attempt("merge", merging.merge)
    attempt("table batch_predictions", batches.write_batches)
    facts |= attempt("tables", tables.write_all)
    facts |= attempt("warnings", warn)
    mark_done()
    return facts


def warn() -> Facts:
    """Say what people should look at before they trust a model, if there is anything."""
    sentences = [row["warning"] for row in warnings.warnings()]
    for sentence in sentences:
        log.warning(sentence)
    return {"warnings": " ".join(sentences)} if sentences else {}


def measure_live_error() -> None:
    """Measure the champion's live error, and write it for monitoring."""
    live_errors.write_live_error(alarm.measure())


FUNCTIONS: dict[str, Callable[[], Facts]] = {
    "raw": fetch_raw,
    "rows": check_rows,
    "features": compute_features,
    "drift": measure_drift,
    "candidate": train_candidate,
    "champion": judge_candidate,
    "batch_predictions": predict_batch,
    "summaries": summarise,
}


def run_steps(without: str = "") -> Iterator[tuple[str, Facts]]:
    """Do every step in its order, without the one named. Yields its name and what came of it.

    A step that fails does not stop the others: its `problem` is what came of it.
    """
    for name in STEPS:
        if name != without:
            yield name, attempt(name, FUNCTIONS[name])
