"""Errors of answers in the summary tables: by the hour in which the outcome came, and by slice."""

import polars as pl

from core.database import summary_tables, upsert
from core.storage import bucket
from model.estimator import SLICES
from processing.answers.alarm import LiveError
from processing.answers.evaluation import evaluated, slice_column
from processing.answers.truth import joined_tables
from processing.answers.withdrawals import withdrawn
from processing.summaries.rewriting import rewrite

KEYS = "object, model, day, hour, slice, value"


def write_live_error(live_error: LiveError | None) -> None:
    """Replace the champion's live error, which monitoring reads, by a newer measurement."""
    with summary_tables() as cursor:
        if cursor and live_error:
            cursor.execute("DELETE FROM live_error")
            row = {name: value for name, value in live_error.items() if name != "measured"}
            upsert(cursor, "live_error", "version", [row])


def write_live_errors() -> dict[str, int]:
    """Write the errors of the joined answers that have changed since theirs were written."""
    predictions = bucket("predictions")

    def states() -> dict[str, str]:
        back = "".join(f" {client} {time}" for client, time in withdrawn(predictions).items())
        return {table.path: table.etag + back for table in joined_tables(predictions)}

    return rewrite("live_errors", KEYS, states, lambda path: totals(evaluated(predictions, path)))


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
