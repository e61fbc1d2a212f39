"""What a row is: a booking of a hotel room, and whether the guest came. That is known weeks later."""

from datetime import datetime
from typing import Literal

from pydantic import Field, NaiveDatetime

from core.row import Row

TASK = "classification"

KEY = ("booking",)

EVENT_TIME = "booked"

ZONE = "Europe/Lisbon"


def count(description: str, most: int = 1000):
    return Field(ge=0, le=most, description=description, examples=[1])


class Question(Row):
    """A booking as it is taken down."""

    booking: int = Field(ge=1, description="Number of the booking", examples=[17])
    booked: NaiveDatetime = Field(
        ge=datetime(2000, 1, 1), description="Day of the booking", examples=["2016-03-02T00:00:00"]
    )
    hotel: Literal["City Hotel", "Resort Hotel"] = Field(
        description="Hotel", examples=["City Hotel"]
    )
    lead: int = count("Days until the arrival")
    weekend_nights: int = count("Nights from Saturday to Monday", 60)
    week_nights: int = count("Other nights", 100)
    adults: int = count("Adults", 60)
    children: int | None = Field(default=None, ge=0, le=20, description="Children", examples=[0])
    babies: int = count("Babies", 20)
    meal: Literal["BB", "HB", "FB", "SC", "Undefined"] = Field(
        description="Meals", examples=["BB"]
    )
    country: str | None = Field(
        default=None, pattern="^[A-Z]{2,3}$", description="Country", examples=["PRT"]
    )
    segment: str = Field(max_length=30, description="Market segment", examples=["Online TA"])
    channel: str = Field(max_length=30, description="Distribution channel", examples=["TA/TO"])
    repeated: bool = Field(description="Whether the guest came before", examples=[False])
    cancelled_before: int = count("Cancellations before")
    kept_before: int = count("Stays before")
    room: str = Field(pattern="^[A-P]$", description="Kind of room", examples=["A"])
    deposit: Literal["No Deposit", "Refundable", "Non Refund"] = Field(
        description="Deposit", examples=["No Deposit"]
    )
    agent: str | None = Field(
        default=None, max_length=10, description="Number of the agent", examples=["9"]
    )
    company: str | None = Field(
        default=None, max_length=10, description="Number of the company", examples=["40"]
    )
    customer: str = Field(max_length=30, description="Kind of customer", examples=["Transient"])
    rate: float = Field(ge=0, le=1000, description="Rate for a night", examples=[99.5])
    wishes: int = count("Special wishes", 10)


class Outcome(Row):
    """What became of it: a cancellation is known early, a stay only when it is over."""

    fate: Literal["kept", "cancelled"] = Field(description="What became of it", examples=["kept"])
