"""The summary tables in PostgreSQL: what people and dashboards read. database/tables.sql makes them.

Everything is derived from storage and written with ON CONFLICT, so writing twice changes nothing.
"""

from contextlib import closing
from datetime import UTC, datetime

import polars as pl

from core import registry
from core.schema import OUTCOME
from core.storage import bucket, names
from core.tables import TIME, months, newest, parts, read_parquet
from processing.database import connect, upsert
from processing.gate import verdicts
from processing.ingest import reports
from processing.scores import METRIC


def write_all() -> dict:
    """Write every table. Returns the number of rows by table."""
    connection = connect()
    if connection is None:
        return {"tables": "none without a database"}
    with closing(connection), connection, connection.cursor() as cursor:
        return {
            "raw_files": upsert(cursor, "raw_files", "source, etag", _raw_files()),
            "rejections": upsert(cursor, "rejections", "source, etag, reason", _rejections()),
            "months": upsert(cursor, "months", "month", _months()),
            "models": upsert(cursor, "models", "version", _models()),
            "promotions": upsert(cursor, "promotions", "number", _promotions()),
            "predictions": upsert(cursor, "predictions", "object, model, day, hour", _batch_predictions()),
        }


def write_stage(stage: str, run: str) -> None:
    """Say that a stage of the pipeline has finished now, and how new its newest event is."""
    connection = connect()
    if connection is None:
        return
    row = {"stage": stage, "newest_event": _newest_event(), "finished": datetime.now(UTC), "run": run}
    with closing(connection), connection, connection.cursor() as cursor:
        upsert(cursor, "stages", "stage", [row])


def _newest_event() -> datetime | None:
    processed = bucket("processed")
    newest_months = months(processed)[-1:]
    listed = [part for month in newest_months for part in parts(processed, month)]
    return max((read_parquet(processed, part, [TIME])[TIME].max() for part in listed), default=None)


def _raw_files() -> list[dict]:
    columns = ("source", "etag", "arrived", "checked", "error")
    counts = ("rows_in", "rows_accepted", "rows_rejected", "rows_without_outcome")
    return [{name: report[name] for name in columns + counts} for report in reports(bucket("processed"))]


def _rejections() -> list[dict]:
    return [
        {"source": report["source"], "etag": report["etag"], "reason": reason, "rows": rows}
        for report in reports(bucket("processed"))
        for reason, rows in report["reasons"].items()
    ]


def _months() -> list[dict]:
    processed = bucket("processed")
    return [_month(month, processed) for month in months(processed)]


def _month(month: str, processed) -> dict:
    rows = newest([read_parquet(processed, part) for part in parts(processed, month)])
    return {
        "month": f"{month}-01",
        "rows": len(rows),
        "rows_with_outcome": rows[OUTCOME].count(),
        "mean_outcome": rows[OUTCOME].mean(),
    }


def _models() -> list[dict]:
    models = bucket("models")
    judged = {verdict["version"]: verdict for verdict in verdicts(models)}
    return [_model(registry.card(models, version), judged[version]) for version in sorted(judged)]


def _model(card: dict, verdict: dict) -> dict:
    return {
        "version": card["version"],
        "created": card["created"],
        "window_from": card["window"]["from"],
        "window_to": card["window"]["to"],
        "training_rows": card["rows"]["training"],
        "judging_rows": card["rows"]["judging"],
        "error": card["metrics"][METRIC],
        "baseline_error": card["metrics"][f"baseline_{METRIC}"],
        "champion_version": verdict["champion"],
        "champion_error": verdict["champion_error"],
        "verdict": "promoted" if verdict["promoted"] else "refused",
        "reason": verdict["reason"],
    }


def _promotions() -> list[dict]:
    return [vars(promotion) for promotion in registry.promotions(bucket("models"))]


def _batch_predictions() -> list[dict]:
    """The champion's batch, by day and hour of the event."""
    predictions, promotion = bucket("predictions"), registry.champion(bucket("models"))
    mine = [name for name in names(predictions, "batch") if promotion and promotion.version in name]
    rows = []
    for name in mine:
        known = pl.when(pl.col(OUTCOME).is_not_null())
        by_hour = read_parquet(predictions, name).group_by(
            day=pl.col(TIME).dt.date(), weekday=pl.col(TIME).dt.weekday() - 1, hour=pl.col(TIME).dt.hour()
        )
        table = by_hour.agg(
            predictions=pl.len(),
            total=pl.sum("prediction"),
            actual_count=pl.count(OUTCOME),
            actual_total=pl.sum(OUTCOME),
            absolute_error_total=known.then((pl.col("prediction") - pl.col(OUTCOME)).abs()).sum(),
        )
        rows += [{"object": name, "kind": "batch", "model": promotion.version} | row for row in table.to_dicts()]
    return rows
