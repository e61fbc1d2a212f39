"""model/features.py: what the model sees, the same in training and in an answer."""

import numpy as np
import polars as pl
import pytest

from acceptance.conftest import Tried, problem, tried, where
from core import features
from core.schema import columns
from core.tables import question_columns
from model.estimator import SLICES
from model.schema import Question

ROWS = 100


@pytest.fixture(scope="module")
def rows(sample) -> pl.DataFrame:
    """Return rows with gaps first, and some others."""
    gaps = sample.good.select(pl.sum_horizontal(pl.all().is_null())).to_series()
    ordered = sample.good[gaps.arg_sort(descending=True)]
    return pl.concat([ordered.head(ROWS // 2), ordered.tail(ROWS // 2)])


def compute(question_columns: dict[str, np.ndarray], of: str) -> dict[str, np.ndarray]:
    try:
        return features.compute(question_columns)
    except Exception as error:
        said = where(error)
    problem(f"features() fails for {of}. {said}")


@pytest.fixture(scope="module")
def tried_table(rows) -> Tried:
    """Return the features of a table."""
    return tried(compute, question_columns(rows), "a table")


@pytest.fixture
def as_table(tried_table):
    return tried_table.or_skip()


def test_features_are_numbers_or_texts(tried_table):
    if tried_table.problem:
        problem(tried_table.problem)
    for name, values in tried_table.made.items():
        odd = [value for value in values if values.dtype == object and not isinstance(value, str)]
        if odd:
            problem(
                f"features() in model/features.py gives {name} = {odd[0]!r} among texts. Return "
                "an array of numbers, or one of texts."
            )


def test_one_question_gets_the_same_features_as_a_whole_table(rows, as_table):
    for place, values in enumerate(rows.select(*Question.model_fields).iter_rows(named=True)):
        question = Question.model_validate(values, strict=False)
        alone = compute(columns([question]), "one question")
        for name, column in as_table.items():
            if not same(alone[name], column[place : place + 1]):
                problem(
                    f"features() in model/features.py gives {name} = {column[place]} in a table "
                    f"and {alone[name][0]} for the same question alone. It must compute each row "
                    "by itself; what is fitted to data belongs into estimator()."
                )


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


def test_slices_are_fields_or_features(as_table):
    unknown = set(SLICES) - set(Question.model_fields) - set(as_table)
    if unknown and isinstance(SLICES, tuple):
        problem(
            f"SLICES in model/estimator.py names {', '.join(sorted(unknown))}, which is neither a "
            "field of Question nor a feature."
        )
