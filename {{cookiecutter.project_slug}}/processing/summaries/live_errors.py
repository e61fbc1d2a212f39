"""What answers turned out to be wrong by, in the summary tables: by hour of knowing and by slice."""

from contextlib import closing

import polars as pl

from core.code import code_digest
from core.database import connect, upsert
from core.storage import bucket
from core.tables import read_parquet
from model.estimator import SLICES
from processing.answers.evaluation import newest, slice_column, with_errors
from processing.answers.truth import joined
from processing.answers.turns import turn

KEYS = "object, model, day, hour, slice, value"


def write_live_errors() -> dict:
    """Write anew what stands in joined answers that changed since the table was written, or were never in it."""
    connection = connect()
    if connection is None:
        return {}
    predictions, code = bucket("predictions"), code_digest()
    # One at a time: two would each see its own state of storage, and the older one might be written last.
    with turn("live_errors"), closing(connection), connection, connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT object, made_of FROM live_errors")
        written = set(cursor.fetchall())
        there = [(path, f"{code} {etag}") for path, etag, _ in joined(predictions)]
        changed = [one for one in there if one not in written]
        for path, made_of in changed:
            cursor.execute("DELETE FROM live_errors WHERE object = %s", [path])
            found = with_errors(newest(read_parquet(predictions, path)))
            upsert(cursor, "live_errors", KEYS, totals(found, path, made_of))
    return {"objects": len(changed)}


def totals(found: pl.DataFrame, path: str, made_of: str) -> list[dict]:
    """Rows of the table, from `live_errors` of one object."""
    known = pl.col("known").dt
    slices = [("", pl.lit(""))] + [
        (name, pl.col(slice_column(name)).cast(pl.String).fill_null("")) for name in SLICES
    ]
    by_slice = [
        found.group_by(
            "model", slice=pl.lit(name), value=value, day=known.date(), hour=known.hour()
        ).agg(
            rows=pl.len(),
            error_total=pl.col("error").sum(),
            error_square_total=(pl.col("error") ** 2).sum(),
        )
        for name, value in slices
    ]
    return [{"object": path, "made_of": made_of} | row for row in pl.concat(by_slice).to_dicts()]
