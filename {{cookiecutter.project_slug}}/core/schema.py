"""What follows from `model/schema.py`: columns for the features, the key, the outcome's name and classes."""

import json
from collections.abc import Sequence
from datetime import datetime
from types import NoneType
from typing import Literal, get_args, get_origin

import numpy as np
from pydantic import NaiveDatetime
from pydantic.fields import FieldInfo

from model.schema import KEY, TASK, Outcome, Question

OUTCOME = next(iter(Outcome.model_fields))
OUTCOME_UNIT = (Outcome.model_fields[OUTCOME].json_schema_extra or {}).get("unit", "")


def value_type(field: FieldInfo) -> type:
    """The Python type of a field's values: `int` for `int | None`, `datetime` for `NaiveDatetime`."""
    if values := allowed(field):
        return type(values[0])
    kinds = [
        kind
        for kind in get_args(field.annotation)
        if kind is not NoneType and isinstance(kind, type)
    ]
    kind = kinds[0] if kinds else field.annotation
    return datetime if kind is NaiveDatetime else kind


def allowed(field: FieldInfo) -> tuple:
    """The values that a field of the type `Literal[…]` may have; nothing for all other types."""
    kinds = (field.annotation, *get_args(field.annotation))
    return next((get_args(kind) for kind in kinds if get_origin(kind) is Literal), ())


def _classes() -> tuple | None:
    field = Outcome.model_fields[OUTCOME]
    found = (False, True) if field.annotation is bool else allowed(field)
    if (TASK == "classification") != (len(found) > 1):
        raise TypeError(
            f"TASK in model/schema.py is {TASK!r} and the type of {OUTCOME} is {field.annotation}. "
            "For classification it must be bool or Literal with two classes or more; for regression, float or int."
        )
    return found or None


CLASSES = _classes()
"""The classes, in the order of their probabilities; the second of two is the positive one. None for regression."""


def class_name(label: str | int | bool) -> str:
    """A class as text, where JSON and columns want text: `true` for True."""
    return label if isinstance(label, str) else json.dumps(label)


CLASS_NAMES = tuple(map(class_name, CLASSES or ()))

HAS_MEAN = not CLASSES or len(CLASSES) == 2
"""Whether a mean of outcomes says something: of numbers it does, and of two classes it is the share of the second."""


def in_order(probabilities: np.ndarray, labels: Sequence) -> np.ndarray:
    """Probabilities with one column a label, as one column for each of CLASSES; 0 for one that training never met."""
    ordered = np.zeros((len(probabilities), len(CLASSES)), dtype=probabilities.dtype)
    ordered[:, [CLASSES.index(label) for label in labels]] = probabilities
    return ordered


def columns(questions: Sequence[Question]) -> dict[str, np.ndarray]:
    """One array for each field of the question, in the form that `model.features` takes.

    Numbers are float64 with NaN where missing, times datetime64[us], all else objects.
    """
    return {
        name: as_array([getattr(question, name) for question in questions], value_type(field))
        for name, field in Question.model_fields.items()
    }


def as_array(values: Sequence, kind: type) -> np.ndarray:
    """One column's values as the array that `model.features` takes."""
    if issubclass(kind, datetime):
        return np.array(values, dtype="datetime64[us]")
    if issubclass(kind, (int, float)):
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return np.array(values, dtype=object)


def key(question: Question) -> str | None:
    """What a row is known by, such as `2013-04-01/UA/223/JFK`. None if a part of the key is missing."""
    parts = [_key_part(question, part) for part in KEY]
    return "/".join(parts) if parts and None not in parts else None


def _key_part(question: Question, part: str) -> str | None:
    name, _, unit = part.partition(":")
    value = getattr(question, name)
    if value is None:
        return None
    return f"{value:%Y-%m-%d}" if unit == "day" else str(value)


def json_schema() -> dict:
    """The question as JSON schema, as the card and the OpenAPI page show it."""
    return Question.model_json_schema()


def field_types() -> dict[str, str]:
    """Name and type of each field of the question, and the classes: what a model must have been trained with."""
    types = {name: value_type(field).__name__ for name, field in Question.model_fields.items()}
    return types | ({OUTCOME: " | ".join(CLASS_NAMES)} if CLASSES else {})
