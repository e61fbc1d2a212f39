"""A row: a job at a copy shop, and how many minutes it took. Every kind of field is in it."""

from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field, NaiveDatetime

from core.row import Row

TASK = "regression"
KEY = ("received:day", "shop", "job")
EVENT_TIME = "received"
ZONE = "Europe/Berlin"
LATEST_AHEAD = timedelta(days=1)


class Question(Row):
    """What is known of a job when it is handed in."""

    received: NaiveDatetime = Field(
        ge=datetime(2000, 1, 1),
        le=datetime(2099, 12, 31, 23, 59),
        description="When it was handed in, in local time",
        examples=["2025-04-01T09:15:00"],
    )
    shop: str = Field(pattern=r"^[A-Z]{3}$", description="Code of the shop", examples=["ULM"])
    pages: float = Field(
        ge=1,
        le=10_000,
        description="Sheets to print",
        examples=[240],
        json_schema_extra={"unit": "sheets"},
    )
    paper: Literal["plain", "coated"] = Field(description="Kind of paper", examples=["plain"])
    colour: bool = Field(description="Whether it is in colour", examples=[True])
    note: str | None = Field(
        default=None, max_length=40, description="What was asked for", examples=["staple"]
    )
    job: int | None = Field(
        default=None, ge=1, le=9999, description="Number of the job in its shop", examples=[17]
    )


class Outcome(Row):
    """What is known when the job is done; missing for those that were called off."""

    minutes: float = Field(
        ge=0.1,
        le=1200,
        description="Time until it was done",
        examples=[35],
        json_schema_extra={"unit": "minutes"},
    )
