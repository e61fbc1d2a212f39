"""What a row is: a chemical analysis of a wine, and the cultivar it was made from."""

from typing import Literal

from pydantic import Field

from core.row import Row

TASK = "classification"

KEY = ("bottle",)

EVENT_TIME = None

ZONE = "UTC"


class Question(Row):
    """A bottle, as the laboratory measured it."""

    bottle: int = Field(
        ge=1, description="Number of the bottle; tells bottles apart", examples=[17]
    )
    alcohol: float = Field(
        ge=5, le=20, description="Alcohol", examples=[13.2], json_schema_extra={"unit": "%"}
    )
    malic_acid: float = Field(ge=0, le=20, description="Malic acid", examples=[1.8])
    ash: float = Field(ge=0, le=10, description="Ash", examples=[2.4])
    flavanoids: float | None = Field(
        default=None, ge=0, le=20, description="Flavanoids", examples=[2.6]
    )
    colour: Literal["pale", "deep"] = Field(description="How deep the colour is", examples=["pale"])
    proline: float = Field(ge=0, le=5000, description="Proline", examples=[1050])


class Outcome(Row):
    """What the grower says."""

    cultivar: Literal[1, 2, 3] = Field(description="Number of the cultivar", examples=[1])
