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
from core.tables import question_columns
from model.estimator import SLICES
from model.schema import EVENT_TIME, Question
from processing.answers.hourly import is_of_our_kind, read_table
from processing.answers.matching import JOINED_COLUMNS, last_outcomes
from processing.answers.withdrawals import withdrawn, without_withdrawn
from processing.rows.contract import POLARS_TYPES
from processing.training.scores import errors

FIXED = ("model", "id", "asked", "event_time", "known", "actual", "prediction", "error")


def evaluated(predictions: ObjectStore, path: str) -> pl.DataFrame:
    """Return one row for each answer of a joined table: the columns FIXED and those of SLICES.

    What was taken back does not count; of several reporters the last one does.
    """
    joined = without_withdrawn(
        read_table(predictions, path, JOINED_COLUMNS), withdrawn(predictions)
    )
    return with_errors(last_outcomes(joined, "id"))


def with_errors(joined: pl.DataFrame) -> pl.DataFrame:
    """Return joined answers with the columns FIXED and those of SLICES."""
    known = pl.col("actual").is_in(CLASSES) if CLASSES else pl.col("actual").is_not_null()
    joined = of_our_kind(joined.filter(known))
    questions = questions_of(joined["question"])
    answers = [json.loads(text) for text in joined["answer"]]
    error = errors(joined["actual"].to_numpy(), predicted_by(answers))
    likeliest = [_likeliest(answer) for answer in answers]
    table = joined.with_columns(
        event_time=event_times(joined["asked"], questions),
        prediction=pl.Series(likeliest, dtype=pl.String if CLASSES else pl.Float64),
        error=pl.Series(error, dtype=pl.Float64),
    )
    return table.select(FIXED).hstack(_slices(questions))


def of_our_kind(answers: pl.DataFrame) -> pl.DataFrame:
    """Return the answers that models of today's schema could have given."""
    fits = [is_of_our_kind(json.loads(text)) for text in answers["answer"]]
    return answers.filter(pl.Series(fits, dtype=pl.Boolean))


def event_times(asked: pl.Series, questions: pl.DataFrame) -> pl.Series:
    """Return when each question's event is; where it does not say so, when it was asked."""
    if not EVENT_TIME:
        return asked
    without_zone = asked.dt.replace_time_zone(None)
    return questions[EVENT_TIME].zip_with(questions[EVENT_TIME].is_not_null(), without_zone)


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
    """Return stored questions as columns; a value that is not as the schema says is missing."""
    questions = [json.loads(text) for text in texts]
    fields = Question.model_fields.items()
    return pl.DataFrame([_column(name, field, questions) for name, field in fields])


def _column(name: str, field: FieldInfo, questions: list[dict]) -> pl.Series:
    kind = value_type(field)
    values = [_value(question.get(name), kind) for question in questions]
    return pl.Series(name, values, POLARS_TYPES.get(kind, pl.String), strict=False)


def _value(value: Any, kind: type) -> Any:
    if not issubclass(kind, datetime):
        return value if isinstance(value, (int, float) if kind is float else kind) else None
    try:
        return datetime.fromisoformat(value).replace(tzinfo=None)
    except (TypeError, ValueError):
        return None


def _slices(questions: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of SLICES, which are fields of the question or features."""
    of_features = sorted(set(SLICES) - set(questions.columns))
    if of_features:
        computed = pl.DataFrame(features.compute(question_columns(questions)))
        questions = questions.hstack(computed.select(of_features))
    return questions.select(pl.col(name).alias(slice_column(name)) for name in SLICES)
