"""What a row is: an hour at a bicycle hire, and how many bicycles were rented in it."""

from datetime import datetime
from typing import Literal

from pydantic import Field, NaiveDatetime

from core.row import Row

TASK = "regression"

KEY = ("hour",)

EVENT_TIME = "hour"

ZONE = "America/New_York"


class Question(Row):
    """An hour, and its weather as forecast."""

    hour: NaiveDatetime = Field(
        ge=datetime(2010, 1, 1), description="When the hour begins", examples=["2023-05-01T17:00:00"]
    )
    holiday: bool = Field(description="Whether it is a holiday", examples=[False])
    weather: Literal["clear", "mist", "rain", "storm"] = Field(
        description="The sky", examples=["clear"]
    )
    temperature: float = Field(
        ge=-40, le=60, description="Temperature", examples=[18.5], json_schema_extra={"unit": "°C"}
    )
    humidity: float | None = Field(
        default=None,
        ge=0,
        le=100,
        description="Relative humidity",
        examples=[60],
        json_schema_extra={"unit": "%"},
    )


class Outcome(Row):
    """What was counted."""

    rentals: int = Field(ge=0, le=5000, description="Bicycles rented", examples=[240])
