"""Define a row: the fields of a question, and the outcome that becomes known later.

Edit this file first. The API's validation and its page at /docs, the checks of incoming files and
the form in the notebook all follow from it. The platform imports TASK, KEY, EVENT_TIME, ZONE,
Question and Outcome, so keep these names.

Each field of `Question` and `Outcome` has

- a type: float, int, str, bool, NaiveDatetime (a time without a zone; a day is its midnight), or
  Literal["a", "b"] for a few fixed values;
- bounds, if any: ge and le (inclusive), gt and lt (exclusive), or a pattern for text;
- a description and an example, and if it has a unit, `json_schema_extra={"unit": "minutes"}`.

Write `float | None` and `default=None` for a field that may be missing.

To predict a class, set TASK to "classification" and give the outcome the type bool or Literal:

    class Outcome(Row):
        fate: Literal["on time", "late"] = Field(description="What happened", examples=["late"])

The API then answers with the most likely class and the probability of each. Of two classes, the
second is the positive one.
"""

from datetime import datetime, timedelta

from pydantic import Field, NaiveDatetime

from core.row import Row

TASK = "regression"
"""`"regression"` to predict a number, `"classification"` to predict a class."""

KEY = ("departure:day", "carrier", "flight", "origin")
"""The columns that identify a row; `:day` takes only the date of a time. An outcome that comes in a
later file finds its row by them. `()`: there are none. Then equal rows of one file are as many
rows, and a file that comes again brings none.
"""

EVENT_TIME = "departure"
"""The column with the time of the event. With None, the time of arrival is used."""

ZONE = "America/New_York"
"""The time zone of EVENT_TIME, which holds local time, and of SCHEDULE in source.py."""

KNOWN_AT = None
"""The column that says when an outcome became known, as a time, where it is known weeks later.

No model sees it. With None the platform measures, from the files, how late outcomes come.
"""

LATEST_AHEAD = timedelta(days=1)
"""How much later than its file's arrival an event may be; a row that is later still is refused.

None: as late as it likes, where events lie ahead by their nature, such as bookings.
"""


class Question(Row):
    """What is known about a flight when it is booked."""

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
    """What is known once the flight has landed; missing for flights that never did."""

    air_time: float = Field(
        ge=10,
        le=1200,
        description="Time in the air",
        examples=[345],
        json_schema_extra={"unit": "minutes"},
    )
