"""Checked rows in, features out: the same function that answers questions, kept beside its rows.

Features lie in a folder named by the code that made them, so edited features never mix with old ones.
"""

import polars as pl
from obstore.store import ObjectStore

from core.code import code_digest
from core.storage import names
from core.tables import question_columns, read_parquet, write_parquet
from model.features import features
from model.schema import Question


def features_part(rows_part: str) -> str:
    """Where the features of a part of `rows/` lie."""
    return rows_part.replace("rows/", f"features/{code_digest('schema', 'features')}/", 1)


def without_features(processed: ObjectStore) -> list[str]:
    """The parts of `rows/` that have no features by today's code."""
    made = set(names(processed, f"features/{code_digest('schema', 'features')}"))
    return [part for part in names(processed, "rows") if features_part(part) not in made]


def store_features(processed: ObjectStore, rows_part: str) -> None:
    """Compute and store the features of one part, row for row in its order."""
    rows = read_parquet(processed, rows_part, list(Question.model_fields))
    columns = question_columns(rows)
    texts = {id(array): rows[name] for name, array in columns.items() if array.dtype == object}
    # Texts that were handed on as they are need not be made from Python objects again.
    made = {name: texts.get(id(array), array) for name, array in features(columns).items()}
    write_parquet(processed, features_part(rows_part), pl.DataFrame(made))
