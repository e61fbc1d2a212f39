"""What a row is: the sale of a flat, and its price. Files of different years have other columns."""

from datetime import datetime

from pydantic import Field, NaiveDatetime

from core.row import Row

TASK = "regression"

KEY = ()

EVENT_TIME = "month"

ZONE = "Asia/Singapore"


class Question(Row):
    """A flat for sale."""

    month: NaiveDatetime = Field(
        ge=datetime(1980, 1, 1), description="Month of the sale", examples=["2015-01-01T00:00:00"]
    )
    town: str = Field(max_length=30, description="Town", examples=["ANG MO KIO"])
    rooms: str = Field(max_length=20, description="Kind of flat", examples=["3 ROOM"])
    storey: float | None = Field(
        default=None, ge=1, le=60, description="Storey, the middle of a range", examples=[5]
    )
    area: float = Field(
        gt=10, le=400, description="Floor area", examples=[67], json_schema_extra={"unit": "m²"}
    )
    lease: float | None = Field(
        default=None,
        ge=0,
        le=99,
        description="What remains of the lease",
        examples=[61.3],
        json_schema_extra={"unit": "years"},
    )


class Outcome(Row):
    """What was paid."""

    price: float = Field(
        ge=1000, le=5_000_000, description="Price", examples=[255000], json_schema_extra={"unit": "S$"}
    )
