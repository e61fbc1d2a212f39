"""The base class of questions and outcomes."""

from pydantic import BaseModel, ConfigDict


class Row(BaseModel):
    """Take no text for a number, no NaN for a value, and no field that is not in the schema."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, frozen=True)
