"""What a row is: the question, and what its outcome adds.

Everything that checks data comes from here: the API's validation and its OpenAPI page, the
pipeline's data contract, the form in the notebook. Bounds are inclusive.
"""

from datetime import datetime, timedelta

from pydantic import Field, NaiveDatetime

from core.row import Row

TASK = "regression"

KEY = ("departure:day", "carrier", "flight", "origin")
"""The columns that tell one row from all others; `:day` takes a time's calendar day. Empty: the whole row."""

EVENT_TIME = "departure"
"""The column that says when the event was. None: the time of a row's arrival counts."""

ZONE = "America/New_York"
"""Where the event time was read off a clock."""

LATEST_AHEAD = timedelta(days=1)
"""How much later than its file's arrival an event may be; a row that is later still is refused.

None: as late as it likes, where events lie ahead by their nature, such as bookings.
"""


class Question(Row):
    """A flight, as it is known when it is booked."""

    departure: NaiveDatetime = Field(
        ge=datetime(1990, 1, 1),
        le=datetime(2099, 12, 31, 23, 59),
        description="Scheduled departure in local time, without a time zone",
        examples=["2013-04-01T09:15:00"],
    )
    origin: str = Field(
        pattern=r"^[A-Z]{3}$", description="Airport of departure, IATA code", examples=["JFK"]
    )
    dest: str = Field(
        pattern=r"^[A-Z]{3}$", description="Airport of arrival, IATA code", examples=["LAX"]
    )
    carrier: str = Field(
        pattern=r"^[A-Z0-9]{2}$", description="Airline, IATA code", examples=["UA"]
    )
    distance: float = Field(
        ge=10,
        le=10_000,
        description="Distance between the airports",
        examples=[2475],
        json_schema_extra={"unit": "miles"},
    )
    flight: int | None = Field(
        default=None,
        ge=1,
        le=9999,
        description="Flight number; part of the key, not a feature",
        examples=[223],
    )


class Outcome(Row):
    """What is known once the flight has landed. Missing where it never did."""

    air_time: float = Field(
        ge=10,
        le=1200,
        description="Time in the air",
        examples=[345],
        json_schema_extra={"unit": "minutes"},
    )
