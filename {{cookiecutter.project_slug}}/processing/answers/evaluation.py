"""Answers whose outcome is known, with their errors and the columns of SLICES."""

import json
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from obstore.store import ObjectStore
from pydantic.fields import FieldInfo

from core import features
from core.schema import CLASS_NAMES, CLASSES, value_type
from core.tables import question_columns, read_parquet
from model.estimator import SLICES
from model.schema import EVENT_TIME, Question
from processing.answers.matching import last_outcomes
from processing.answers.withdrawals import withdrawn, without_withdrawn
from processing.rows.contract import POLARS_TYPES
from processing.training.scores import errors

FIXED = ("model", "id", "asked", "event_time", "known", "actual", "prediction", "error")


def evaluated(predictions: ObjectStore, path: str) -> pl.DataFrame:
    """Return one row for each answer of a joined table: the columns FIXED and those of SLICES.

    What was taken back does not count; of several reporters the last one does.
    """
    joined = without_withdrawn(read_parquet(predictions, path), withdrawn(predictions))
    return with_errors(last_outcomes(joined, "id"))


def with_errors(joined: pl.DataFrame) -> pl.DataFrame:
    """Return joined answers with the columns FIXED and those of SLICES."""
    questions = questions_of(joined["question"])
    answers = [json.loads(text) for text in joined["answer"]]
    error = errors(joined["actual"].to_numpy(), predicted_by(answers))
    likeliest = [_likeliest(answer) for answer in answers]
    table = joined.with_columns(
        event_time=questions[EVENT_TIME] if EVENT_TIME else pl.col("asked"),
        prediction=pl.Series(likeliest, dtype=pl.String if CLASSES else pl.Float64),
        error=pl.Series(error, dtype=pl.Float64),
    )
    return table.select(FIXED).hstack(_slices(questions))


def slice_column(name: str) -> str:
    """Return the column of a slice: its own name, unless one of FIXED has that."""
    return f"{name} asked" if name in FIXED else name


def predicted_by(answers: list[Any]) -> np.ndarray:
    """Return stored answers in the form in which the model made them."""
    if not CLASSES:
        return np.array(answers, dtype=float)
    rows = [[answer.get(name, 0.0) for name in CLASS_NAMES] for answer in answers]
    return np.array(rows).reshape(-1, len(CLASSES))


def _likeliest(answer: Any) -> float | str:
    return max(answer, key=answer.__getitem__) if CLASSES else answer


def questions_of(texts: pl.Series) -> pl.DataFrame:
    """Return stored questions as columns; a field that an older schema lacks is missing."""
    questions = [json.loads(text) for text in texts]
    fields = Question.model_fields.items()
    return pl.DataFrame([_column(name, field, questions) for name, field in fields])


def _column(name: str, field: FieldInfo, questions: list[dict]) -> pl.Series:
    kind, values = value_type(field), [question.get(name) for question in questions]
    if issubclass(kind, datetime):
        values = [None if value is None else datetime.fromisoformat(value) for value in values]
    return pl.Series(name, values, POLARS_TYPES.get(kind, pl.String), strict=False)


def _slices(questions: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of SLICES, which are fields of the question or features."""
    of_features = sorted(set(SLICES) - set(questions.columns))
    if of_features:
        computed = pl.DataFrame(features.compute(question_columns(questions)))
        questions = questions.hstack(computed.select(of_features))
    return questions.select(pl.col(name).alias(slice_column(name)) for name in SLICES)
