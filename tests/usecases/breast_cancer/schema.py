"""What a row is: a fine-needle aspirate of a breast mass, and whether the mass was malignant."""

from pydantic import Field

from core.row import Row

TASK = "classification"

KEY = ()
"""Patients are not named: a row is known by all that stands in it."""

EVENT_TIME = None

ZONE = "UTC"


class Question(Row):
    """Cell nuclei in a digitised image of the aspirate; each measure is a mean over them."""

    radius: float = Field(
        ge=0, le=100, description="From the centre to the outline", examples=[14.1]
    )
    texture: float = Field(
        ge=0, le=100, description="Standard deviation of the grey values", examples=[19.3]
    )
    area: float = Field(
        ge=0, le=10_000, description="Area", examples=[654.9], json_schema_extra={"unit": "pixels"}
    )
    smoothness: float = Field(
        ge=0, le=1, description="Local variation of the radius", examples=[0.096]
    )
    concavity: float = Field(
        ge=0, le=1, description="Depth of the concave parts of the outline", examples=[0.089]
    )
    symmetry: float = Field(ge=0, le=1, description="Symmetry", examples=[0.181])


class Outcome(Row):
    """What the laboratory found later."""

    malignant: bool = Field(description="Whether the mass was malignant", examples=[False])
