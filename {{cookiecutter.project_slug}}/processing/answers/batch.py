"""The champion's predictions for the newest month, stored beside what is known of its outcomes."""

import numpy as np
import polars as pl
from obstore.store import ObjectStore

from core.inference import Model
from core.schema import CLASS_NAMES, CLASSES
from core.tables import ROW_COLUMNS, months, parts, question_columns, write_parquet
from processing.rows.repeats import newest_rows

GIVEN = "probabilities" if CLASSES else "prediction"
"""The column that holds all that the champion gave."""


def predict_newest_month(processed: ObjectStore, predictions: ObjectStore, model: Model) -> str:
    """Store the newest month's rows with their answers. Returns the object's name."""
    month = months(processed)[-1]
    found = newest_rows(processed, parts(processed, month), ROW_COLUMNS)
    path = f"batch/month={month}/{model.version}.parquet"
    write_parquet(predictions, path, pl.concat(_answered(rows, model) for rows in found))
    return path


def _answered(rows: pl.DataFrame, model: Model) -> pl.DataFrame:
    return rows.with_columns(answer_columns(model.predict_columns(question_columns(rows))))


def answer_columns(given: np.ndarray) -> list[pl.Series]:
    """Answers as the column `prediction`, and for classes `probabilities` with a field for each."""
    if not CLASSES:
        return [pl.Series("prediction", given)]
    likeliest = [CLASSES[place] for place in given.argmax(axis=1)]
    probabilities = pl.DataFrame(given, schema=list(CLASS_NAMES)).to_struct("probabilities")
    return [pl.Series("prediction", likeliest), probabilities]


def given_in(stored: pl.DataFrame) -> np.ndarray:
    """The answers in the form in which the champion gave them."""
    return stored[GIVEN].struct.unnest().to_numpy() if CLASSES else stored[GIVEN].to_numpy()
