"""What follows from `model/schema.py`: columns, the key, the outcome and its classes."""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from types import NoneType
from typing import Any, Literal, NamedTuple, get_args, get_origin

import numpy as np
from pydantic import NaiveDatetime
from pydantic.fields import FieldInfo

from model.schema import KEY, TASK, Outcome, Question


def unit(field: FieldInfo) -> str:
    """Return the unit that a field's values are in, or nothing."""
    extra = field.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


OUTCOME = next(iter(Outcome.model_fields))
OUTCOME_UNIT = unit(Outcome.model_fields[OUTCOME])


def value_type(field: FieldInfo) -> type:
    """Return the Python type of a field's values: `int` for `int | None`, `datetime` for times."""
    if values := allowed(field):
        return type(values[0])
    options = get_args(field.annotation) or (field.annotation,)
    kinds = [option for option in options if isinstance(option, type) and option is not NoneType]
    return datetime if kinds[0] is NaiveDatetime else kinds[0]


def allowed(field: FieldInfo) -> tuple:
    """Return the values that a field of type `Literal[…]` may have; none for all other types."""
    kinds = (field.annotation, *get_args(field.annotation))
    return next((get_args(kind) for kind in kinds if get_origin(kind) is Literal), ())


def _classes() -> tuple:
    field = Outcome.model_fields[OUTCOME]
    labels = (False, True) if field.annotation is bool else allowed(field)
    if (TASK == "classification") != (len(labels) > 1):
        raise TypeError(
            f"TASK in model/schema.py is {TASK!r} and the type of {OUTCOME} is {field.annotation}. "
            "For classification it must be bool or Literal with two classes or more; "
            "for regression, float or int."
        )
    return labels


CLASSES = _classes()
"""The classes in the order of their probabilities; of two, the second is the positive one.

Empty for regression.
"""


def class_name(label: str | int | bool) -> str:
    """Return a class as text, where JSON and columns want text: `true` for True."""
    return label if isinstance(label, str) else json.dumps(label)


CLASS_NAMES = tuple(map(class_name, CLASSES))

HAS_MEAN = len(CLASSES) in (0, 2)
"""Whether outcomes have a mean: numbers do, and two classes, where it is the second's share."""


def in_order(probabilities: np.ndarray, labels: Sequence) -> np.ndarray:
    """Return probabilities, one column a label, as one column for each of CLASSES.

    A class that training never met gets 0.
    """
    ordered = np.zeros((len(probabilities), len(CLASSES)), dtype=probabilities.dtype)
    ordered[:, [CLASSES.index(label) for label in labels]] = probabilities
    return ordered


_KINDS = {name: value_type(field) for name, field in Question.model_fields.items()}


def columns(questions: Sequence[Question]) -> dict[str, np.ndarray]:
    """Return one array for each field of the question, in the form that `model.features` takes.

    Numbers are float64 with NaN where missing, times datetime64[us], all else objects; a missing
    text is ''.
    """
    rows = [vars(question) for question in questions]
    return {name: as_array([row[name] for row in rows], kind) for name, kind in _KINDS.items()}


def as_array(values: Sequence, kind: type) -> np.ndarray:
    """Return one column's values as the array that `model.features` takes."""
    if kind is str:  # a missing text is '', as in stored tables
        values = ["" if value is None else value for value in values]
    return np.array(values, _dtype(kind))


@cache
def _dtype(kind: type) -> np.dtype:
    """Return how values of a type are held; NumPy reads None as NaN, and as no time."""
    if issubclass(kind, datetime):
        return np.dtype("datetime64[us]")
    return np.dtype(np.float64 if issubclass(kind, (int, float)) else object)


class KeyPart(NamedTuple):
    """One part of KEY: a column, and `day` where only its calendar day counts."""

    column: str
    unit: str

    def text(self, value: Any) -> str:
        """Return a value of the column as it stands in a key."""
        return value.isoformat()[:10] if self.unit == "day" else str(value)


def _key_part(text: str) -> KeyPart:
    column, _, part_unit = text.partition(":")
    return KeyPart(column, part_unit)


KEY_PARTS = tuple(map(_key_part, KEY))


def key(question: Question) -> str | None:
    """Return the key of a row, such as `2013-04-01/UA/223/JFK`, or None if a part is missing."""
    fields = vars(question)
    values = [fields[part.column] for part in KEY_PARTS]
    if not values or None in values:
        return None
    return "/".join(part.text(value) for part, value in zip(KEY_PARTS, values, strict=True))


def json_schema() -> dict[str, Any]:
    """Return the question as JSON schema, as the card and the OpenAPI page show it."""
    return Question.model_json_schema()


def field_types() -> dict[str, str]:
    """Return what a model must have been trained with: the question's types, and the classes."""
    types = {name: value_type(field).__name__ for name, field in Question.model_fields.items()}
    return types | ({OUTCOME: " | ".join(CLASS_NAMES)} if CLASSES else {})
