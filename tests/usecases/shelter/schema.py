"""What a row is: an animal in a shelter, and what became of it. Five classes, very uneven."""

from datetime import datetime
from typing import Literal

from pydantic import Field, NaiveDatetime

from core.row import Row

TASK = "classification"

KEY = ("animal", "left")

EVENT_TIME = "left"

ZONE = "America/Chicago"


class Question(Row):
    """An animal on the day on which it leaves."""

    animal: str = Field(pattern=r"^A\d{6}$", description="Its number", examples=["A671945"])
    left: NaiveDatetime = Field(
        ge=datetime(2000, 1, 1), description="When it left", examples=["2014-02-12T18:22:00"]
    )
    name: str | None = Field(
        default=None, max_length=60, description="Its name, if it has one", examples=["Hambone"]
    )
    kind: Literal["Dog", "Cat"] = Field(description="Dog or cat", examples=["Dog"])
    sex: str | None = Field(
        default=None, max_length=20, description="Sex upon outcome", examples=["Neutered Male"]
    )
    age: float | None = Field(
        default=None,
        ge=0,
        le=40,
        description="Its age",
        examples=[1],
        json_schema_extra={"unit": "years"},
    )
    breed: str = Field(max_length=80, description="Breed", examples=["Shetland Sheepdog Mix"])
    colour: str = Field(max_length=40, description="Colour", examples=["Brown/White"])


class Outcome(Row):
    """What became of it."""

    fate: Literal["Adoption", "Transfer", "Return_to_owner", "Euthanasia", "Died"] = Field(
        description="What became of it", examples=["Adoption"]
    )
