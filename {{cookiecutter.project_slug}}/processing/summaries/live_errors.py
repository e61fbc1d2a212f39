"""Errors of answers in the summary tables: by the hour in which the outcome came, and by slice."""

import polars as pl

from core.code import code_digest
from core.database import summary_tables, upsert
from core.storage import bucket
from model.estimator import SLICES
from processing.answers.alarm import LiveError
from processing.answers.evaluation import evaluated, slice_column
from processing.answers.truth import joined_tables
from processing.answers.turns import turn
from processing.answers.withdrawals import withdrawn

KEYS = "object, model, day, hour, slice, value"


def write_live_error(live_error: LiveError | None) -> None:
    """Replace the champion's live error, which monitoring reads, by a newer measurement."""
    with summary_tables() as cursor:
        if cursor and live_error:
            cursor.execute("DELETE FROM live_error")
            row = {name: value for name, value in live_error.items() if name != "measured"}
            upsert(cursor, "live_error", "version", [row])


def write_live_errors() -> dict[str, int]:
    """Write the joined answers that have changed since their rows were written, or have none."""
    predictions, code = bucket("predictions"), code_digest()
    # One at a time: each of two would see its own state of storage, and the older one might win.
    with turn("live_errors"), summary_tables() as cursor:
        if cursor is None:
            return {}
        cursor.execute("SELECT DISTINCT object, made_of FROM live_errors")
        written = set(cursor.fetchall())
        back = "".join(f" {client} {time}" for client, time in withdrawn(predictions).items())
        tables = joined_tables(predictions)
        state = {table.path: f"{code} {table.etag}{back}" for table in tables}
        changed = [
            (path, made_of) for path, made_of in state.items() if (path, made_of) not in written
        ]
        for path, made_of in changed:
            cursor.execute("DELETE FROM live_errors WHERE object = %s", [path])
            rows = totals(evaluated(predictions, path))
            of_object = {"object": path, "made_of": made_of}
            upsert(cursor, "live_errors", KEYS, [of_object | row for row in rows])
    return {"objects": len(changed)}


def totals(answers: pl.DataFrame) -> list[dict]:
    """Return number, sum and sum of squares of the errors, by hour, and by each value of SLICES.

    The slice '' is all of them.
    """
    slices = [_slice_totals(answers, "", pl.lit(""))]
    for name in SLICES:
        value = pl.col(slice_column(name)).cast(pl.String).fill_null("")
        slices.append(_slice_totals(answers, name, value))
    return pl.concat(slices).to_dicts()


def _slice_totals(answers: pl.DataFrame, name: str, value: pl.Expr) -> pl.DataFrame:
    time, error = pl.col("known").dt, pl.col("error")
    groups = answers.group_by(
        "model", slice=pl.lit(name), value=value, day=time.date(), hour=time.hour()
    )
    return groups.agg(rows=pl.len(), error_total=error.sum(), error_square_total=(error**2).sum())
