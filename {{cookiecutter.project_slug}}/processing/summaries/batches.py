"""Batch predictions in the summary tables: how many there are, and how near the outcomes they came.

A month has a batch of each of its champions; the one that was written last counts. Predictions are
compared with outcomes only on rows that came after those the model was trained on.
"""

from datetime import datetime
from pathlib import PurePosixPath

import polars as pl

from core import registry
from core.layout import BATCHES
from core.schema import HAS_MEAN, OUTCOME
from core.storage import bucket, listed
from core.tables import TIME, read_parquet
from processing.answers.batch import PREDICTED, predictions_of
from processing.summaries import class_shares
from processing.summaries.rewriting import rewrite
from processing.training.scores import outcome_value, predicted_values

VALUE = "predicted value"
"""A column for a moment; with a space in it, no field of the schema has this name."""


def write_batches() -> dict[str, int]:
    """Summarise the newest batch of each month, unless it was the same when that was last done."""
    counts = rewrite("batch_predictions", "object, weekday, hour", newest_batches, by_weekday)
    if not HAS_MEAN:
        rewrite("classes", "object, class", newest_batches, by_class)
    return counts


def newest_batches() -> dict[str, str]:
    """Return the batch of each month that was written last, with its ETag."""
    oldest_first = sorted(
        listed(bucket("predictions"), BATCHES),
        key=lambda item: (item["last_modified"], item["path"]),
    )
    of_months = {PurePosixPath(item["path"]).parent: item for item in oldest_first}
    return {item["path"]: str(item["e_tag"]) for item in of_months.values()}


def by_weekday(path: str) -> list[dict]:
    """Return how many rows a batch has by weekday and hour, with the sums of those compared."""
    batch = read_parquet(bucket("predictions"), path, [TIME, OUTCOME, PREDICTED])
    unseen = _unseen(path, batch)
    values = pl.Series(VALUE, predicted_values(predictions_of(unseen)), dtype=pl.Float64)
    sums = _by_weekday(
        unseen.with_columns(values),
        compared=pl.len(),
        predicted_total=pl.sum(VALUE),
        actual_total=outcome_value().sum(),
    )
    if not HAS_MEAN:
        sums = sums.with_columns(predicted_total=None, actual_total=None)
    table = _by_weekday(batch, predictions=pl.len()).join(
        sums, on=["weekday", "hour"], how="left", nulls_equal=True
    )
    of_batch = {"model": PurePosixPath(path).stem, "month": _month(path)}
    return [
        of_batch | row for row in table.with_columns(pl.col("compared").fill_null(0)).to_dicts()
    ]


def by_class(path: str) -> list[dict]:
    """Return how often a batch expected each class, and how often it came, on the rows compared."""
    batch = read_parquet(bucket("predictions"), path, [TIME, OUTCOME, PREDICTED])
    unseen = _unseen(path, batch)
    rows = class_shares.of_batch(unseen, predictions_of(unseen))
    return [{"month": _month(path)} | row for row in rows]


def _by_weekday(rows: pl.DataFrame, **sums: pl.Expr) -> pl.DataFrame:
    time = pl.col(TIME).dt
    return rows.group_by(weekday=time.weekday() - 1, hour=time.hour()).agg(**sums)


def _unseen(path: str, batch: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with an outcome that came after the batch's model was trained."""
    card = registry.card(bucket("models"), PurePosixPath(path).stem)
    trained_until = datetime.fromisoformat(card["window"]["to"])
    return batch.filter(pl.col(OUTCOME).is_not_null(), pl.col(TIME) > trained_until)


def _month(path: str) -> str:
    return f"{PurePosixPath(path).parent.name.removeprefix('month=')}-01"
