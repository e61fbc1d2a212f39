"""Checked rows in, features out: the same function that answers questions, stored beside its rows.

Features lie in a folder named by the code that made them, so edited features never mix with old
ones.
"""

from functools import partial

import polars as pl
from obstore.store import ObjectStore

from core.code import code_digest
from core.layout import FEATURES, ROWS
from core.storage import names
from core.tables import question_columns, read_parquet, write_parquet
from model.features import features
from model.schema import Question
from processing.rows.threads import in_order


def features_part(rows_part: str) -> str:
    """Return where the features of a part of `rows/` lie."""
    return rows_part.replace(f"{ROWS}/", f"{_folder()}/", 1)


def _folder() -> str:
    return f"{FEATURES}/{code_digest('schema', 'features')}"


def store_missing(processed: ObjectStore) -> int:
    """Compute and store features of the parts that have none by today's code.

    Returns how many parts those were.
    """
    computed = set(names(processed, _folder()))
    missing = [part for part in names(processed, ROWS) if features_part(part) not in computed]
    for _ in in_order(partial(store_features, processed), missing):
        pass
    return len(missing)


def store_features(processed: ObjectStore, rows_part: str) -> None:
    """Compute and store the features of one part, row for row in its order."""
    rows = read_parquet(processed, rows_part, list(Question.model_fields))
    columns = question_columns(rows)
    texts = {id(array): rows[name] for name, array in columns.items() if array.dtype == object}
    # Texts that features() returns as they came need not be made from Python objects again.
    computed = {name: texts.get(id(array), array) for name, array in features(columns).items()}
    write_parquet(processed, features_part(rows_part), pl.DataFrame(computed))
