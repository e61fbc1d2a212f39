"""The champion's predictions for the newest month, stored beside the outcomes so far."""

import numpy as np
import polars as pl
from obstore.store import ObjectStore

from core.inference import Model
from core.layout import BATCHES
from core.parts import parts
from core.schema import CLASS_NAMES, CLASSES
from core.tables import ROW_COLUMNS, months, question_columns, write_parquet
from processing.rows.repeats import newest_rows

PREDICTED = "probabilities" if CLASSES else "prediction"
"""The column that holds all that the champion predicted."""


def predict_newest_month(processed: ObjectStore, predictions: ObjectStore, model: Model) -> str:
    """Store the newest month's rows with their predictions. Returns the object's name."""
    month = months(processed)[-1]
    rows = newest_rows(processed, parts(processed, month), ROW_COLUMNS)
    path = f"{BATCHES}/month={month}/{model.version}.parquet"
    write_parquet(predictions, path, pl.concat(_with_predictions(part, model) for part in rows))
    return path


def _with_predictions(rows: pl.DataFrame, model: Model) -> pl.DataFrame:
    predicted = model.predict_columns(question_columns(rows))
    return rows.with_columns(prediction_columns(predicted))


def prediction_columns(predicted: np.ndarray) -> list[pl.Series]:
    """Return predictions as the column `prediction`, and for classes `probabilities`.

    The latter is a struct with a field for each class.
    """
    if not CLASSES:
        return [pl.Series("prediction", predicted)]
    likeliest = [CLASSES[place] for place in predicted.argmax(axis=1)]
    probabilities = pl.DataFrame(predicted, schema=list(CLASS_NAMES)).to_struct("probabilities")
    return [pl.Series("prediction", likeliest), probabilities]


def predictions_of(batch: pl.DataFrame) -> np.ndarray:
    """Return a stored batch's predictions in the form in which the model made them."""
    column = batch[PREDICTED]
    return column.struct.unnest().to_numpy() if CLASSES else column.to_numpy()
