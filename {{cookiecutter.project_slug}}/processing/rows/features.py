"""Checked rows in, features out: the same function that answers questions, stored beside its rows.

Features lie in a folder named by the code that made them, so edited features never mix with old
ones.
"""

from pathlib import PurePosixPath

import polars as pl
from obstore.store import ObjectStore

from core import features
from core.code import code_digest
from core.layout import FEATURES, ROWS
from core.parts import is_departure, standing
from core.quarantine import Quarantine
from core.storage import names
from core.tables import question_columns, read_parquet, write_parquet
from model.schema import Question
from processing.rows.threads import in_order


def features_part(rows_part: str) -> str:
    """Return where the features of a part of `rows/` lie."""
    return rows_part.replace(f"{ROWS}/", f"{features_folder()}/", 1)


def features_folder() -> str:
    """Return the folder of the features by today's code."""
    return f"{FEATURES}/{_code()}"


def _code() -> str:
    return code_digest("schema", "features")


def store_missing(processed: ObjectStore) -> int:
    """Compute and store features of the parts that have none by today's code.

    Returns how many parts those were. A part for which features() fails is set aside: nothing
    learns from it until the code changes.
    """
    quarantine, code = Quarantine(processed, FEATURES), _code()
    computed = set(names(processed, features_folder()))
    missing = [
        part
        for part in standing(processed, _months_without(computed, names(processed, ROWS)))
        if not is_departure(part)
        and features_part(part) not in computed
        and not quarantine.holds(part, code)
    ]

    def compute(part: str) -> None:
        with quarantine.catching(part, code):
            store_features(processed, part)

    for _ in in_order(compute, missing):
        pass
    return len(missing)


def _months_without(computed: set[str], stored: list[str]) -> list[str]:
    """Return the parts of the months of which one lacks features: the others need no look."""
    months = {
        PurePosixPath(part).parent
        for part in stored
        if not is_departure(part) and features_part(part) not in computed
    }
    return [part for part in stored if PurePosixPath(part).parent in months]


def with_features(processed: ObjectStore, rows_parts: list[str]) -> list[str]:
    """Return those parts that have features by today's code, or need none."""
    computed = set(names(processed, features_folder()))
    return [part for part in rows_parts if is_departure(part) or features_part(part) in computed]


def store_features(processed: ObjectStore, rows_part: str) -> None:
    """Compute and store the features of one part, row for row in its order."""
    rows = read_parquet(processed, rows_part, list(Question.model_fields))
    columns = question_columns(rows)
    unchanged = {name: array for name, array in columns.items() if array.dtype == object}
    texts = {id(array): rows[name].fill_null("") for name, array in unchanged.items()}
    # Texts that features() returns as they came need not be made from Python objects again.
    computed = {
        name: texts.get(id(array), array) for name, array in features.compute(columns).items()
    }
    write_parquet(processed, features_part(rows_part), pl.DataFrame(computed))
