"""The summary tables in PostgreSQL, for people and dashboards; database/tables.sql makes them.

Everything is derived from storage and written with ON CONFLICT, so writing twice changes nothing.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

import polars as pl
from obstore.store import ObjectStore
from psycopg2.extensions import cursor as Cursor

from core import registry
from core.attempt import Facts, attempt
from core.card import Card
from core.code import code_digest
from core.database import DatabaseAway, summary_tables, upsert
from core.documents import Documents
from core.layout import VERSIONS
from core.parts import parts_by_month, standing
from core.quarantine import Quarantine, entries
from core.schema import OUTCOME, OUTCOME_UNIT
from core.settings import settings
from core.storage import bucket
from model import source
from model.schema import TASK, ZONE
from processing.answers.withdrawals import WITHDRAWALS
from processing.rows.raw import REPORTS, FileReport, reports
from processing.rows.repeats import newest_rows
from processing.summaries import class_shares
from processing.summaries.warnings import warnings
from processing.training import drift
from processing.training.causes import last_candidate
from processing.training.gate import VERDICT_DOCUMENTS, Verdict, verdicts
from processing.training.scores import METRIC, outcome_value
from processing.training.window import parts_digest

log = logging.getLogger(__name__)


def write_all() -> Facts:
    """Write every table. Returns the number of rows by table.

    A table whose rows can't be made, or not be written, stays as it was.
    """
    if not settings().summaries_url.get_secret_value():
        return {"tables": "none without a database", **_quarantined()}
    facts = {table: attempt(f"table {table}", partial(_write, table)) for table in TABLES}
    return {table: fact["rows"] for table, fact in facts.items() if "rows" in fact}


def write_promotions() -> None:
    """Write the promotions, for the boards to mark; what a database misses, the next run writes."""
    try:
        _write("promotions")
    except DatabaseAway as problem:
        log.warning("The next run writes the newest promotion into the tables. %s", problem)


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


def _raw_files(cursor: Cursor) -> list[dict]:
    """Return a row for each file that was checked since its row was written.

    Its rejections are written with it, in one transaction.
    """
    columns = ("source", "etag", "arrived", "checked", "error")
    counts = ("rows_in", "rows_accepted", "rows_rejected", "rows_without_outcome")
    new = _new_reports(cursor)
    rejections = [
        {"source": report["source"], "etag": report["etag"], "reason": reason, "rows": rows}
        for report in new
        for reason, rows in report["reasons"].items()
    ]
    upsert(cursor, "rejections", "source, etag, reason", rejections)
    return [{name: report[name] for name in columns + counts} for report in new]


def _new_reports(cursor: Cursor) -> list[FileReport]:
    cursor.execute("SELECT source, etag, checked FROM raw_files")
    written = {(source, etag): checked for source, etag, checked in cursor}
    return [
        report
        for report in reports(bucket("processed"))
        if written.get((report["source"], report["etag"]))
        != datetime.fromisoformat(report["checked"])
    ]


def _changed_months(cursor: Cursor) -> list[dict]:
    """Return a row for each month whose objects are others than when its row was written.

    They are listed and not looked into, so a month that was merged is read once more.
    """
    processed, code = bucket("processed"), code_digest()
    cursor.execute("SELECT to_char(month, 'YYYY-MM'), made_of FROM months")
    written = dict(cursor.fetchall())
    rows = []
    for month, stored in parts_by_month(processed).items():
        made_of = f"{code} {parts_digest(stored)}"
        if made_of != written.get(month):
            of_month = standing(processed, stored)
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


def _outcomes(cursor: Cursor) -> list[dict]:
    """Return how late outcomes come, in place of what an older candidate's card said."""
    last = last_candidate(bucket("models"))
    newest = registry.card(bucket("models"), last["version"]) if last else {}
    if "outcomes" not in newest:
        return []
    cursor.execute("DELETE FROM outcomes")
    late = newest["outcomes"]
    of_all = {name: late[name] for name in ("horizon", "missing")}
    return [
        {"name": name, "half_after": after["half"], "ninety_after": after["ninety"], **of_all}
        for name, after in {"": late["of_all"], **late["of_groups"]}.items()
    ]


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


def _facts(_: Cursor) -> list[dict]:
    return [
        {"one": True, "outcome": OUTCOME, "unit": OUTCOME_UNIT, "task": TASK, "zone": ZONE}
        | {"expected_days": getattr(source, "EXPECTED_DAYS", None)}
    ]


def _promotions(_: Cursor) -> list[dict]:
    return [vars(promotion) for promotion in registry.promotions(bucket("models"))]


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
    "months": ("month", _changed_months),
    "models": ("version", _models),
    "facts": ("one", _facts),
    "outcomes": ("name", _outcomes),
    "drift": ("name", _drift),
    "drift_by_age": ("name, part", _drift_by_age),
    "promotions": ("number", _promotions),
    "quarantine": ("kind, name", _quarantine),
    "warnings": ("version, kind, warning", _warnings),
}
"""Each table with its key and what makes its rows."""
