"""What questions and outcomes have in common."""

from pydantic import BaseModel, ConfigDict


class Row(BaseModel):
    """Text is no number, NaN is no value, and an unknown field is a mistake, not a surprise."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, frozen=True)
