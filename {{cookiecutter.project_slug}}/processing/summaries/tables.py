"""The summary tables in PostgreSQL, for people and dashboards; database/tables.sql makes them.

Everything is derived from storage and written with ON CONFLICT, so writing twice changes nothing.
"""

from collections.abc import Callable, Iterator
from functools import partial

import polars as pl
from obstore.store import ObjectStore
from psycopg2.extensions import cursor as Cursor

from core import registry
from core.attempt import Facts, attempt
from core.card import Card
from core.code import code_digest
from core.database import summary_tables, upsert
from core.documents import Documents
from core.layout import BATCHES, VERSIONS
from core.quarantine import Quarantine, entries
from core.schema import HAS_MEAN, OUTCOME
from core.settings import settings
from core.storage import bucket, names
from core.tables import TIME, months, newest_time, parts, read_parquet
from processing.answers.batch import PREDICTED, predictions_of
from processing.answers.withdrawals import WITHDRAWALS
from processing.rows.raw import REPORTS, reports
from processing.rows.repeats import newest_rows
from processing.summaries import class_shares
from processing.summaries.warnings import warnings
from processing.training import drift
from processing.training.gate import VERDICT_DOCUMENTS, Verdict, verdicts
from processing.training.scores import METRIC, errors, outcome_value, predicted_values
from processing.training.window import parts_digest

VALUE, ERROR = "predicted value", "error of the row"
"""Columns for a moment; with spaces in them, no field of the schema has these names."""


def write_all() -> Facts:
    """Write every table. Returns the number of rows by table.

    A table whose rows can't be made, or not be written, stays as it was.
    """
    if not settings().summaries_url.get_secret_value():
        return {"tables": "none without a database", **_quarantined()}
    facts = {table: attempt(f"table {table}", partial(_write, table)) for table in TABLES}
    return {table: fact["rows"] for table, fact in facts.items() if "rows" in fact}


def write_quarantine() -> None:
    """Write what is set aside, between runs too."""
    _write("quarantine")


def _write(table: str) -> Facts:
    keys, rows = TABLES[table]
    with summary_tables() as cursor:
        return {"rows": upsert(cursor, table, keys, rows(cursor)) if cursor else 0}


def _quarantined() -> Facts:
    """Return how many inputs are set aside, if there are any."""
    count = sum(bool(entry["reason"]) for entry in entries(bucket("processed")))
    return {"set_aside": count} if count else {}


def _raw_files(_: Cursor) -> list[dict]:
    columns = ("source", "etag", "arrived", "checked", "error")
    counts = ("rows_in", "rows_accepted", "rows_rejected", "rows_without_outcome")
    return [
        {name: report[name] for name in columns + counts} for report in reports(bucket("processed"))
    ]


def _rejections(_: Cursor) -> list[dict]:
    return [
        {"source": report["source"], "etag": report["etag"], "reason": reason, "rows": rows}
        for report in reports(bucket("processed"))
        for reason, rows in report["reasons"].items()
    ]


def _changed_months(cursor: Cursor) -> list[dict]:
    """Return a row for each month that has changed since its row was written."""
    processed, code = bucket("processed"), code_digest()
    cursor.execute("SELECT to_char(month, 'YYYY-MM'), made_of FROM months")
    written = dict(cursor.fetchall())
    rows = []
    for month in months(processed):
        of_month = parts(processed, month)
        made_of = f"{code} {parts_digest(of_month)}"
        if made_of != written.get(month):
            rows.append(_month(processed, month, of_month) | {"made_of": made_of})
    return rows


def _month(processed: ObjectStore, month: str, of_month: list[str]) -> dict:
    rows = pl.concat(newest_rows(processed, of_month, [OUTCOME]))
    return {
        "month": f"{month}-01",
        "rows": len(rows),
        "rows_with_outcome": rows[OUTCOME].count(),
        "mean_outcome": rows.select(outcome_value().mean()).item(),
        "shares": class_shares.shares(rows[OUTCOME]),
    }


def _models(_: Cursor) -> list[dict]:
    models, cards = bucket("models"), Quarantine(bucket("processed"), VERSIONS)
    rows = []
    for verdict in verdicts(models):
        with cards.catching(verdict["version"]):
            rows.append(_model(registry.card(models, verdict["version"]), verdict))
    return rows


def _model(card: Card, verdict: Verdict) -> dict:
    return {
        "version": card["version"],
        "created": card["created"],
        "window_from": card["window"]["from"],
        "window_to": card["window"]["to"],
        "training_rows": card["rows"]["training"],
        "judging_rows": card["rows"]["judging"],
        "error": card["metrics"][METRIC],
        "baseline_error": card["metrics"][f"baseline_{METRIC}"],
        "rule_of_thumb_error": card["metrics"][f"rule_of_thumb_{METRIC}"],
        "champion_version": verdict["champion"],
        "champion_error": verdict["champion_error"],
        "verdict": verdict["verdict"],
        "reason": verdict["reason"],
    }


def _drift(_: Cursor) -> list[dict]:
    newest = drift.newest_measurement(bucket("processed"))
    if newest is None:
        return []
    of_all = {"measured": newest["measured"], "rows": newest["rows"]}
    return [{**column, **of_all} for column in newest["columns"]]


def _drift_by_age(_: Cursor) -> list[dict]:
    newest = drift.newest_measurement(bucket("processed"))
    if newest is None:
        return []
    return [
        {"part": part, "days": age["days"], "rows": age["rows"], "measured": newest["measured"]}
        | score
        for part, age in enumerate(newest.get("ages", ()))
        for score in age["scores"]
    ]


def _promotions(_: Cursor) -> list[dict]:
    return [vars(promotion) for promotion in registry.promotions(bucket("models"))]


def _batch_predictions(_: Cursor) -> list[dict]:
    """Return the champion's batches by day and hour of the event."""
    rows = []
    for path, version, batch in _champion_batches():
        table = _by_hour(_with_errors(batch))
        if not HAS_MEAN:
            table = table.with_columns(total=None, actual_total=None)
        of_object = {"object": path, "kind": "batch", "model": version}
        rows += [of_object | row for row in table.to_dicts()]
    return rows


def _by_hour(batch: pl.DataFrame) -> pl.DataFrame:
    time = pl.col(TIME).dt
    by_hour = batch.group_by(day=time.date(), weekday=time.weekday() - 1, hour=time.hour())
    return by_hour.agg(
        predictions=pl.len(),
        total=pl.sum(VALUE),
        actual_count=pl.count(OUTCOME),
        actual_total=outcome_value().sum(),
        error_total=pl.sum(ERROR),
    )


def _classes(_: Cursor) -> list[dict]:
    """Return the champion's batches by class, where classes have no mean."""
    if HAS_MEAN:
        return []
    return [
        {"object": path, "month": newest_time(batch[TIME]).replace(day=1).date()} | row
        for path, _, batch in _champion_batches()
        for row in class_shares.of_batch(batch, predictions_of(batch))
    ]


def _champion_batches() -> Iterator[tuple[str, str, pl.DataFrame]]:
    """Yield each batch of today's champion: its path, the version, rows with predictions."""
    predictions, promotion = bucket("predictions"), registry.newest_promotion(bucket("models"))
    if promotion is None:
        return
    for path in names(predictions, BATCHES):
        if promotion.version in path:
            columns = [TIME, OUTCOME, PREDICTED]
            yield path, promotion.version, read_parquet(predictions, path, columns)


def _with_errors(batch: pl.DataFrame) -> pl.DataFrame:
    """Return a batch with a number for each prediction, and its error where there is an outcome."""
    values = pl.Series(VALUE, predicted_values(predictions_of(batch)), dtype=pl.Float64)
    batch = batch.with_columns(values)
    labelled = batch.filter(pl.col(OUTCOME).is_not_null())
    error = errors(labelled[OUTCOME].to_numpy(), predictions_of(labelled))
    unlabelled = batch.filter(pl.col(OUTCOME).is_null())
    return pl.concat(
        [
            labelled.with_columns(pl.Series(ERROR, error, dtype=pl.Float64)),
            unlabelled.with_columns(pl.lit(None, dtype=pl.Float64).alias(ERROR)),
        ]
    )


def _warnings(cursor: Cursor) -> list[dict]:
    """Return what there is to warn of now; what was before is over."""
    cursor.execute("DELETE FROM warnings")
    return warnings()


def _quarantine(_: Cursor) -> list[dict]:
    """Return what is set aside, and broken documents among it."""
    models, processed = bucket("models"), bucket("processed")
    kept: tuple[tuple[ObjectStore, Documents], ...] = (
        (models, VERDICT_DOCUMENTS),
        (models, registry.PROMOTION_DOCUMENTS),
        (processed, REPORTS),
        (bucket("predictions"), WITHDRAWALS),
    )
    for store, documents in kept:
        quarantine = Quarantine(processed, documents.folder)
        documents.read_all(store, quarantine.add_once)
    by_time = sorted(entries(processed), key=lambda entry: entry["time"])
    newest = {(entry["kind"], entry["name"]): dict(entry) for entry in by_time}
    return list(newest.values())


TABLES: dict[str, tuple[str, Callable[[Cursor], list[dict]]]] = {
    "raw_files": ("source, etag", _raw_files),
    "rejections": ("source, etag, reason", _rejections),
    "months": ("month", _changed_months),
    "models": ("version", _models),
    "drift": ("name", _drift),
    "drift_by_age": ("name, part", _drift_by_age),
    "promotions": ("number", _promotions),
    "predictions": ("object, model, day, hour", _batch_predictions),
    "classes": ("object, class", _classes),
    "quarantine": ("kind, name", _quarantine),
    "warnings": ("version, kind, warning", _warnings),
}
"""Each table with its key and what makes its rows."""
