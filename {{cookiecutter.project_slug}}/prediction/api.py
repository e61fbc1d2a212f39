"""Requests and responses of the API, derived from `model/schema.py`."""

import re
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    WithJsonSchema,
    create_model,
    model_validator,
)
from pydantic.config import JsonDict

from core.row import StrictModel
from core.schema import CLASS_NAMES, CLASSES, OUTCOME
from model.schema import Outcome, Question

EXAMPLE_ID = "013dc3f2-8e40-7d9c-a165-70867728950e"
EXAMPLE_VERSION = "20130331-1f0c2a9b"
MOST_QUESTIONS = 1000
MOST_REPORTS = 10_000

_outcome = Outcome.model_fields[OUTCOME]


def _predicted_fields() -> dict[str, Any]:
    """Return the fields of a prediction: its value, and for classes their probabilities."""
    value = Field(
        description=_outcome.description,
        examples=_outcome.examples,
        json_schema_extra=_outcome.json_schema_extra,
    )
    fields: dict[str, Any] = {"prediction": (_outcome.annotation, value)}
    if CLASSES:
        even = {name: round(1 / len(CLASS_NAMES), 3) for name in CLASS_NAMES}
        probabilities = Field(
            description="The probability of each class; together they are 1",
            examples=[even],
            json_schema_extra={"propertyNames": {"enum": list(CLASS_NAMES)}},
        )
        share = Annotated[float, Field(ge=0, le=1)]
        fields["probabilities"] = (dict[str, share], probabilities)
    return fields


Predicted = create_model("Predicted", **_predicted_fields())
"""What every answer has: the prediction, and for classes their probabilities."""


class Answer(Predicted):
    id: UUID = Field(
        description="Identifies this prediction; an outcome may refer to it", examples=[EXAMPLE_ID]
    )
    model: str = Field(description="The version that answered", examples=[EXAMPLE_VERSION])


class Questions(StrictModel):
    questions: list[Question] = Field(min_length=1, max_length=MOST_QUESTIONS)


class UnreadQuestions(StrictModel):
    """The same before each question is looked at: pydantic would list the errors of all."""

    questions: list[Any] = Field(min_length=1, max_length=MOST_QUESTIONS)


class AnswerOfBatch(Predicted):
    id: UUID = Field(examples=[EXAMPLE_ID])


class Answers(BaseModel):
    model: str = Field(description="The version that answered", examples=[EXAMPLE_VERSION])
    predictions: list[AnswerOfBatch] = Field(description="In the order of the questions")


OWN_ID = "^0[0-9a-f]{7}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
"""The form of `core.ids.new_id` until the year 2527."""


def _own(id: UUID) -> UUID:
    if not re.match(OWN_ID, str(id)):
        raise ValueError("must be the id of an answer")
    return id


AnswerId = Annotated[
    UUID, AfterValidator(_own), WithJsonSchema({"type": "string", "pattern": OWN_ID})
]

MISSING: JsonDict = {"type": "null"}
TEXT: JsonDict = {"type": "string"}
ONE_OF_BOTH: JsonDict = {
    "oneOf": [
        {"required": ["id"], "properties": {"id": TEXT, "key": MISSING}},
        {"required": ["key"], "properties": {"id": MISSING, "key": TEXT}},
    ]
}


class _Report(StrictModel):
    model_config = ConfigDict(json_schema_extra=ONE_OF_BOTH)

    id: AnswerId | None = Field(
        default=None, description="The prediction's id; or give the key", examples=[EXAMPLE_ID]
    )
    key: str | None = Field(
        default=None, min_length=1, max_length=200, description="The question's key"
    )

    @model_validator(mode="after")
    def names_one_prediction(self) -> Self:
        """Raise an error unless there is either an id or a key."""
        if (self.id is None) == (self.key is None):
            raise ValueError("give either the id of the prediction or the key of the question")
        return self


Report = create_model("Report", __base__=_Report, actual=(_outcome.annotation, _outcome))
"""An outcome: what really happened."""


class Accepted(BaseModel):
    accepted: int = Field(description="The number of outcomes accepted", examples=[1])


def example(model: type[BaseModel]) -> dict:
    """Return an object that the API accepts, made of the examples of its fields."""
    return {name: field.examples[0] for name, field in model.model_fields.items() if field.examples}
