"""The base class of questions and outcomes."""

from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, NaiveDatetime
from pydantic_core import CoreSchema


class Row(BaseModel):
    """Take no text for a number, no NaN for a value, and no field that is not in the schema."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, frozen=True)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe the row, with times without a zone as such: a `date-time` must have one."""
        described = handler.resolve_ref_schema(handler(schema))
        for name, field in cls.model_fields.items():
            if NaiveDatetime in (field.annotation, *get_args(field.annotation)):
                _call_local(described["properties"][field.alias or name])
        return described


def _call_local(field: dict[str, Any]) -> None:
    for option in (field, *field.get("anyOf", ())):
        if option.get("format") == "date-time":
            option["format"] = "date-time-local"
