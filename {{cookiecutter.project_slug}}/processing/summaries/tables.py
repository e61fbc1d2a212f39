"""The summary tables in PostgreSQL: what people and dashboards read. database/tables.sql makes them.

Everything is derived from storage and written with ON CONFLICT, so writing twice changes nothing.
"""

from collections.abc import Iterator
from contextlib import closing

import polars as pl

from core import registry
from core.code import code_digest
from core.database import connect, upsert
from core.schema import HAS_MEAN, OUTCOME
from core.storage import bucket, names
from core.tables import TIME, months, parts, read_parquet
from processing.answers.batch import GIVEN, given_in
from processing.rows.raw import reports
from processing.rows.repeats import newest_rows
from processing.summaries import class_shares
from processing.training import drift
from processing.training.gate import verdicts
from processing.training.scores import METRIC, answer_values, errors, outcome_value
from processing.training.window import parts_digest


def write_all() -> dict:
    """Write every table. Returns the number of rows by table."""
    connection = connect()
    if connection is None:
        return {"tables": "none without a database"}
    with closing(connection), connection, connection.cursor() as cursor:
        return {
            "raw_files": upsert(cursor, "raw_files", "source, etag", _raw_files()),
            "rejections": upsert(cursor, "rejections", "source, etag, reason", _rejections()),
            "months": upsert(cursor, "months", "month", _months(cursor)),
            "models": upsert(cursor, "models", "version", _models()),
            "drift": upsert(cursor, "drift", "name", _drift()),
            "promotions": upsert(cursor, "promotions", "number", _promotions()),
            "predictions": upsert(
                cursor, "predictions", "object, model, day, hour", _batch_predictions()
            ),
            "classes": upsert(cursor, "classes", "object, class", _classes()),
        }


def _raw_files() -> list[dict]:
    columns = ("source", "etag", "arrived", "checked", "error")
    counts = ("rows_in", "rows_accepted", "rows_rejected", "rows_without_outcome")
    return [
        {name: report[name] for name in columns + counts} for report in reports(bucket("processed"))
    ]


def _rejections() -> list[dict]:
    return [
        {"source": report["source"], "etag": report["etag"], "reason": reason, "rows": rows}
        for report in reports(bucket("processed"))
        for reason, rows in report["reasons"].items()
    ]


def _months(cursor) -> list[dict]:
    """The months that have changed since their row was written."""
    processed, code = bucket("processed"), code_digest()
    cursor.execute("SELECT to_char(month, 'YYYY-MM'), made_of FROM months")
    written = dict(cursor.fetchall())
    listed = {month: parts(processed, month) for month in months(processed)}
    made_of = {month: f"{code} {parts_digest(of_month)}" for month, of_month in listed.items()}
    changed = [month for month in listed if made_of[month] != written.get(month)]
    return [
        _month(processed, month, listed[month]) | {"made_of": made_of[month]} for month in changed
    ]


def _month(processed, month: str, of_month: list[str]) -> dict:
    outcomes = pl.concat(newest_rows(processed, of_month, [OUTCOME]))
    return {
        "month": f"{month}-01",
        "rows": len(outcomes),
        "rows_with_outcome": outcomes[OUTCOME].count(),
        "mean_outcome": outcomes.select(outcome_value().mean()).item(),
        "shares": class_shares.shares(outcomes[OUTCOME]),
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
        "rule_of_thumb_error": card["metrics"][f"rule_of_thumb_{METRIC}"],
        "champion_version": verdict["champion"],
        "champion_error": verdict["champion_error"],
        "verdict": verdict["verdict"],
        "reason": verdict["reason"],
    }


def _drift() -> list[dict]:
    measured = drift.stored(bucket("processed"))
    if measured is None:
        return []
    return [
        column | {"measured": measured["measured"], "rows": measured["rows"]}
        for column in measured["columns"]
    ]


def _promotions() -> list[dict]:
    return [vars(promotion) for promotion in registry.promotions(bucket("models"))]


def _batch_predictions() -> list[dict]:
    """The champion's batch, by day and hour of the event."""
    rows = []
    for name, version, stored in _batches():
        by_hour = _measured(stored).group_by(
            day=pl.col(TIME).dt.date(),
            weekday=pl.col(TIME).dt.weekday() - 1,
            hour=pl.col(TIME).dt.hour(),
        )
        table = by_hour.agg(
            predictions=pl.len(),
            total=pl.sum("value"),
            actual_count=pl.count(OUTCOME),
            actual_total=outcome_value().sum(),
            error_total=pl.sum("error"),
        )
        if not HAS_MEAN:
            table = table.with_columns(total=None, actual_total=None)
        rows += [
            {"object": name, "kind": "batch", "model": version} | row for row in table.to_dicts()
        ]
    return rows


def _classes() -> list[dict]:
    """The champion's batch by class, where these have no mean."""
    if HAS_MEAN:
        return []
    return [
        {"object": name, "month": stored[TIME].max().replace(day=1).date()} | row
        for name, _, stored in _batches()
        for row in class_shares.of_batch(stored, given_in(stored))
    ]


def _batches() -> Iterator[tuple[str, str, pl.DataFrame]]:
    """The name of each batch of the champion, the champion's, and the rows with their answers."""
    predictions, promotion = bucket("predictions"), registry.newest_promotion(bucket("models"))
    for name in names(predictions, "batch"):
        if promotion and promotion.version in name:
            yield name, promotion.version, read_parquet(predictions, name, [TIME, OUTCOME, GIVEN])


def _measured(stored: pl.DataFrame) -> pl.DataFrame:
    """Stored answers with a number for each, and with its error where the outcome is known."""
    stored = stored.with_columns(
        pl.Series("value", answer_values(given_in(stored)), dtype=pl.Float64)
    )
    known = stored.filter(pl.col(OUTCOME).is_not_null())
    error = pl.Series("error", errors(known[OUTCOME].to_numpy(), given_in(known)), dtype=pl.Float64)
    unknown = stored.filter(pl.col(OUTCOME).is_null()).with_columns(
        error=pl.lit(None, dtype=pl.Float64)
    )
    return pl.concat([known.with_columns(error), unknown])
