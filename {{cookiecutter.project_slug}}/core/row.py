"""The base classes of questions and outcomes, and of what else the API takes."""

from typing import Any, Literal, get_args, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    NaiveDatetime,
)
from pydantic_core import CoreSchema, core_schema

from core.values import text


class StrictModel(BaseModel):
    """Take no text for a number, no NaN for a value, and no field that is not in the schema."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, frozen=True)


class Row(StrictModel):
    """Take a text for what it means in a file: without spaces around it, and no empty one."""

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Put `core.values.text` before the checks of each text.

        A validator of pydantic's own for all fields would also stand before times, which are then
        no longer read from JSON.
        """
        schema: Any = handler(source)
        model = schema["schema"] if schema["type"] == "definitions" else schema
        for name, field in model["schema"].get("fields", {}).items():
            if _is_text(cls.model_fields[name].annotation):
                holder = field["schema"] if field["schema"]["type"] == "default" else field
                holder["schema"] = core_schema.no_info_before_validator_function(
                    _as_in_files, holder["schema"]
                )
        return schema

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


def _is_text(annotation: Any) -> bool:
    """Return whether the values are texts: `str`, `str | None`, or a Literal of texts."""
    kinds = (annotation, *get_args(annotation))
    literals = (value for kind in kinds if get_origin(kind) is Literal for value in get_args(kind))
    return str in kinds or any(isinstance(value, str) for value in literals)


def _as_in_files(value: Any) -> Any:
    return text(value) if isinstance(value, str) else value
