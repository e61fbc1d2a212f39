"""What a row is: a parcel, and what became of it."""

from datetime import datetime
from typing import Literal

from pydantic import Field, NaiveDatetime

from core.row import Row

TASK = "classification"

KEY = ("parcel",)

EVENT_TIME = "posted"

ZONE = "Europe/Zurich"


class Question(Row):
    """A parcel, as it is known at the counter."""

    parcel: str = Field(
        pattern=r"^\d{4}-\d{2}/\d+$", description="Number of the parcel", examples=["2026-04/17"]
    )
    posted: NaiveDatetime = Field(
        ge=datetime(2000, 1, 1),
        description="When it was posted, in local time",
        examples=["2026-04-01T09:15:00"],
    )
    carrier: str = Field(
        min_length=1, max_length=20, description="Who carries it", examples=["Snail"]
    )
    service: Literal["standard", "next day"] = Field(
        description="What was paid for", examples=["standard"]
    )
    insured: bool = Field(description="Whether it is insured", examples=[True])
    distance: float = Field(
        gt=0, le=20_000, description="Distance", examples=[320], json_schema_extra={"unit": "km"}
    )
    weight: float | None = Field(
        default=None,
        gt=0,
        le=40,
        description="Weight",
        examples=[2.5],
        json_schema_extra={"unit": "kg"},
    )


class Outcome(Row):
    """What the receiver says. Few parcels are lost."""

    fate: Literal["on time", "late", "lost"] = Field(
        description="What became of it", examples=["on time"]
    )
