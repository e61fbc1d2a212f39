"""Answers whose outcome is known, as people look at them: with their errors and slices."""

import json
from datetime import datetime

import numpy as np
import polars as pl

from core.schema import CLASS_NAMES, CLASSES, value_type
from core.tables import question_columns
from model.estimator import SLICES
from model.features import features
from model.schema import EVENT_TIME, Question
from processing.rows.contract import POLARS_TYPES
from processing.training.scores import errors

FIXED = ("model", "id", "asked", "event_time", "known", "actual", "prediction", "error")


def newest(joined: pl.DataFrame) -> pl.DataFrame:
    """Of each answer's outcomes the newest, from when it was first known; the same again is nothing new."""
    by_time = joined.sort("id", "known", "actual")
    change = (pl.col("actual") != pl.col("actual").shift()).fill_null(True).cum_sum().over("id")
    last = by_time.with_columns(change=change).filter(
        pl.col("change") == pl.col("change").max().over("id")
    )
    return last.unique("id", keep="first", maintain_order=True).drop("change")


def with_errors(joined: pl.DataFrame) -> pl.DataFrame:
    """Joined answers with the columns FIXED and those of SLICES."""
    asked, given = _questions(joined["question"]), [json.loads(text) for text in joined["answer"]]
    table = joined.with_columns(
        event_time=asked[EVENT_TIME] if EVENT_TIME else pl.col("asked"),
        prediction=pl.Series(
            [_likeliest(one) for one in given], dtype=pl.String if CLASSES else pl.Float64
        ),
        error=pl.Series(errors(joined["actual"].to_numpy(), _numbers(given)), dtype=pl.Float64),
    )
    return table.select(FIXED).hstack(_slices(asked))


def slice_column(name: str) -> str:
    """What a slice's column is called: as its feature or field, unless `live_errors` has a column of that name."""
    return f"{name} asked" if name in FIXED else name


def _numbers(given: list[float] | list[dict]) -> np.ndarray:
    if CLASSES:
        return np.array([[one.get(name, 0.0) for name in CLASS_NAMES] for one in given]).reshape(
            -1, len(CLASSES)
        )
    return np.array(given, dtype=float)


def _likeliest(answer: float | dict) -> float | str:
    return max(answer, key=answer.get) if CLASSES else answer


def _questions(texts: pl.Series) -> pl.DataFrame:
    """Stored questions as columns; a field that an older schema did not know is missing."""
    loaded = [json.loads(text) for text in texts]
    return pl.DataFrame(
        [_column(name, field, loaded) for name, field in Question.model_fields.items()]
    )


def _column(name: str, field, loaded: list[dict]) -> pl.Series:
    kind, values = value_type(field), [question.get(name) for question in loaded]
    if issubclass(kind, datetime):
        values = [None if value is None else datetime.fromisoformat(value) for value in values]
    return pl.Series(name, values, POLARS_TYPES.get(kind, pl.String), strict=False)


def _slices(asked: pl.DataFrame) -> pl.DataFrame:
    others = set(SLICES) - set(asked.columns)
    columns = (
        asked.hstack(pl.DataFrame(features(question_columns(asked))).select(sorted(others)))
        if others
        else asked
    )
    return columns.select(pl.col(name).alias(slice_column(name)) for name in SLICES)
