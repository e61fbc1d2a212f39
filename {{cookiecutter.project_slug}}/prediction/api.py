"""What goes in and out of the API, derived from `model/schema.py`."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, create_model, model_validator

from core.row import Row
from core.schema import CLASS_NAMES, CLASSES, OUTCOME
from model.schema import Outcome, Question

AN_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
A_VERSION = "20130331-1f0c2a9b"
MOST = 1000

_outcome = Outcome.model_fields[OUTCOME]
_shown = {"description": _outcome.description, "examples": _outcome.examples}
Predicted = Annotated[
    _outcome.annotation, Field(**_shown, json_schema_extra=_outcome.json_schema_extra)
]


def _probabilities() -> dict:
    shown = {name: round(1 / len(CLASS_NAMES), 3) for name in CLASS_NAMES}
    field = Field(
        description="The probability of each class; together they are 1", examples=[shown]
    )
    return {
        "probabilities": (dict[Literal[CLASS_NAMES], Annotated[float, Field(ge=0, le=1)]], field)
    }


Told = create_model("Told", **(_probabilities() if CLASSES else {}))
"""What a prediction comes with: nothing, or for classes their probabilities."""


class Answer(Told):
    id: UUID = Field(
        description="What this prediction is known by; an outcome may refer to it", examples=[AN_ID]
    )
    prediction: Predicted
    model: str = Field(description="The version that answered", examples=[A_VERSION])


class Questions(Row):
    questions: list[Question] = Field(min_length=1, max_length=MOST)


class AnswerOfBatch(Told):
    id: UUID = Field(examples=[AN_ID])
    prediction: Predicted


class Answers(BaseModel):
    model: str = Field(description="The version that answered", examples=[A_VERSION])
    predictions: list[AnswerOfBatch] = Field(description="In the order of the questions")


class _Report(Row):
    id: UUID | None = Field(
        default=None, description="The prediction's id; or give the key", examples=[AN_ID]
    )
    key: str | None = Field(
        default=None, min_length=1, max_length=200, description="The question's key"
    )

    @model_validator(mode="after")
    def names_one_prediction(self):
        if (self.id is None) == (self.key is None):
            raise ValueError("give either the id of the prediction or the key of the question")
        return self


Report = create_model("Report", __base__=_Report, actual=(_outcome.annotation, _outcome))
"""What really happened."""


class Accepted(BaseModel):
    accepted: int = Field(description="How many outcomes were taken", examples=[1])


def example(model: type[BaseModel]) -> dict:
    """One object that the API takes, from the examples of its fields."""
    return {name: field.examples[0] for name, field in model.model_fields.items() if field.examples}
