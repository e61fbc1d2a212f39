"""The champion's predictions for the newest month, stored beside what is known of its outcomes."""

from obstore.store import ObjectStore

from core.champion import Champion
from core.tables import months, newest, parts, read_parquet, write_parquet
from processing.features import question_columns


def predict_newest_month(processed: ObjectStore, predictions: ObjectStore, model: Champion) -> str:
    """Store the newest month's rows with a column `prediction`. Returns the object's name."""
    month = months(processed)[-1]
    rows = newest([read_parquet(processed, part) for part in parts(processed, month)])
    answers = model.predict_columns(question_columns(rows))
    path = f"batch/month={month}/{model.version}.parquet"
    write_parquet(predictions, path, rows.with_columns(prediction=answers))
    return path
