"""What a row is: a visit to a repair shop, and what it cost."""

from datetime import datetime
from typing import Literal

from core.row import Row
from pydantic import Field, NaiveDatetime

TASK = "regression"
KEY = ("visit",)
EVENT_TIME = "at"
ZONE = "Europe/Berlin"


class Question(Row):
    """A visit, as it is known at the counter."""

    visit: int = Field(ge=0, description="Number of the visit", examples=[17])
    at: NaiveDatetime = Field(
        ge=datetime(2000, 1, 1), description="When", examples=["2026-04-01T09:15:00"]
    )
    town: str = Field(min_length=1, max_length=40, description="Town", examples=["Köln"])
    kind: Literal["bike", "car", "van"] = Field(description="Vehicle", examples=["bike"])
    member: bool = Field(description="Whether a member", examples=[True])
    hours: float = Field(ge=0, le=1000, description="Hours asked for", examples=[2.5])
    seats: int | None = Field(default=None, ge=0, le=60, description="Seats", examples=[5])
    note: str | None = Field(default=None, max_length=200, description="Note", examples=["rattles"])


class Outcome(Row):
    """What it cost."""

    cost: float = Field(
        ge=-100_000,
        le=1_000_000,
        description="Cost",
        examples=[120.0],
        json_schema_extra={"unit": "EUR"},
    )
