"""What a row is: a ride in a taxi, and its fare. Nothing names a ride, and many rows are dirty."""

from datetime import datetime

from pydantic import Field, NaiveDatetime

from core.row import Row

TASK = "regression"

KEY = ()

EVENT_TIME = "pickup"

ZONE = "America/New_York"

DEGREES = {"unit": "degrees"}


class Question(Row):
    """A ride when it begins."""

    pickup: NaiveDatetime = Field(
        ge=datetime(2009, 1, 1), description="When it begins", examples=["2012-04-21T04:30:42"]
    )
    from_longitude: float = Field(
        ge=-75, le=-72, description="Where it begins", examples=[-73.98], json_schema_extra=DEGREES
    )
    from_latitude: float = Field(
        ge=40, le=42, description="Where it begins", examples=[40.73], json_schema_extra=DEGREES
    )
    to_longitude: float = Field(
        ge=-75, le=-72, description="Where it ends", examples=[-73.99], json_schema_extra=DEGREES
    )
    to_latitude: float = Field(
        ge=40, le=42, description="Where it ends", examples=[40.75], json_schema_extra=DEGREES
    )
    passengers: int = Field(ge=0, le=9, description="Passengers", examples=[1])


class Outcome(Row):
    """What was paid."""

    fare: float = Field(
        gt=0, le=500, description="Fare", examples=[7.7], json_schema_extra={"unit": "$"}
    )
