"""What a row is: a patient, and how far the disease has gone a year later."""

from typing import Literal

from pydantic import Field

from core.row import Row

TASK = "regression"

KEY = ()

EVENT_TIME = None

ZONE = "UTC"


class Question(Row):
    """A patient at the first examination."""

    age: float = Field(
        ge=0, le=120, description="Age", examples=[59], json_schema_extra={"unit": "years"}
    )
    sex: Literal[1, 2] = Field(description="Sex, as the data set numbers it", examples=[2])
    bmi: float = Field(ge=10, le=100, description="Body mass index", examples=[32.1])
    pressure: float = Field(ge=20, le=250, description="Mean blood pressure", examples=[101])
    lipoproteins: float = Field(
        ge=0, le=1000, description="High-density lipoproteins", examples=[38]
    )
    sugar: float = Field(ge=0, le=1000, description="Blood sugar", examples=[87])
    triglycerides: float = Field(
        ge=0, le=10, description="Logarithm of the triglycerides", examples=[4.86]
    )


class Outcome(Row):
    """What was measured a year later."""

    progression: float = Field(
        ge=0, le=500, description="How far the disease has gone", examples=[151]
    )
