"""The summary tables in PostgreSQL: what people and dashboards read. database/tables.sql makes them.

Everything is derived from storage and written with ON CONFLICT, so writing twice changes nothing.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime

import psycopg2
from psycopg2.extras import execute_values

from core import registry
from core.schema import OUTCOME
from core.settings import settings
from core.storage import bucket, names, read
from core.tables import TIME, months, newest, parts, read_parquet
from model.schema import EVENT_TIME
from processing.gate import verdicts
from processing.ingest import reports
from processing.scores import METRIC


def connect():
    """The summary tables, or None where there is no database (on a laptop)."""
    url = settings().summaries_url.get_secret_value()
    return psycopg2.connect(url, connect_timeout=5) if url else None


def upsert(cursor, table: str, keys: str, rows: Iterable[dict]) -> int:
    """Insert rows, or bring those up to date whose keys are there. Returns how many were given."""
    rows = list(rows)
    if rows:
        columns = list(rows[0])
        updates = ", ".join(f"{name} = EXCLUDED.{name}" for name in columns)
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES %s ON CONFLICT ({keys}) DO UPDATE SET {updates}"
        execute_values(cursor, sql, [[row[name] for name in columns] for row in rows])
    return len(rows)


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
    import polars as pl

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


def write_live() -> dict:
    """Count the answers of the last two days that are not in the tables yet."""
    connection = connect()
    if connection is None:
        return {}
    with closing(connection), connection, connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT object FROM predictions WHERE kind = 'live'")
        known = {name for (name,) in cursor.fetchall()}
        new = [name for name in live_objects() if name not in known]
        rows = [row for name in new for row in _live(name)]
        return {"objects": len(new), "rows": upsert(cursor, "predictions", "object, model, day, hour", rows)}


def live_objects() -> list[str]:
    """Stored answers, newest last."""
    return names(bucket("predictions"), "live")


def _live(name: str) -> list[dict]:
    totals = defaultdict(lambda: [0, 0.0])
    for line in read(bucket("predictions"), name).splitlines():
        answer = json.loads(line)
        when = datetime.fromisoformat(answer["question"][EVENT_TIME] if EVENT_TIME else answer["time"])
        total = totals[answer["model"], when.date(), when.hour]
        total[0] += 1
        total[1] += answer["prediction"]
    return [
        {
            "object": name,
            "kind": "live",
            "model": model,
            "day": day,
            "weekday": day.weekday(),
            "hour": hour,
            "predictions": count,
            "total": total,
        }
        for (model, day, hour), (count, total) in totals.items()
    ]
