"""The newest answers beside what came: for a scatter of the two, and for the calibration."""

import polars as pl

from core.database import summary_tables, upsert
from core.schema import CLASSES, HAS_MEAN
from core.storage import bucket
from processing.answers.evaluation import evaluated
from processing.answers.truth import joined_tables

NEWEST = 2_000
"""More points are a blot, and each run writes them anew."""


def write_pairs() -> dict[str, int]:
    """Replace the pairs by the newest ones; of more than two classes there are none."""
    with summary_tables() as cursor:
        if cursor is None or not HAS_MEAN:
            return {}
        cursor.execute("DELETE FROM pairs")
        return {"pairs": upsert(cursor, "pairs", "id", newest_pairs().to_dicts())}


def newest_pairs() -> pl.DataFrame:
    """Return id, model, predicted and actual of the answers whose outcome became known last.

    For two classes these are the probability of the second, and 1 if it came.
    """
    predictions, found, count = bucket("predictions"), [], 0
    for table in sorted(joined_tables(predictions), key=lambda one: one.changed, reverse=True):
        if count >= NEWEST:
            break
        answers = evaluated(predictions, table.path)
        found.append(
            answers.select("id", "model", "known", predicted=_predicted(), actual=_actual())
        )
        count += len(answers)
    if not found:
        return pl.DataFrame()
    return pl.concat(found).sort("known", descending=True).head(NEWEST)


def _predicted() -> pl.Expr:
    if not CLASSES:
        return pl.col("prediction")
    of_true_class = (-pl.col("error")).exp()  # the error of a class is its log loss
    return pl.when(_is_second()).then(of_true_class).otherwise(1 - of_true_class)


def _actual() -> pl.Expr:
    return (_is_second() if CLASSES else pl.col("actual")).cast(pl.Float64)


def _is_second() -> pl.Expr:
    return pl.col("actual") == CLASSES[1]
