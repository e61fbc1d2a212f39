"""The OpenAPI page: /docs, its assets and the schema it shows, all served from here."""

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from model.schema import Question
from prediction.api import Questions, Report, example
from prediction.problems import ProblemDetails

PAGE = Path(__file__).parent / "docs"
ONLY_FROM_HERE = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'self'"
)
DESCRIPTION = "Press Authorize, paste an API key, and try. The example questions work as they are."
REF = "#/components/schemas/{model}"


REASONS = {
    400: "Not JSON, or no body",
    401: "No API key, or not a valid one",
    403: "The key lacks the right",
    413: "Larger than 1 MiB",
    422: "A field is wrong; each is named with its bounds",
    503: "Nothing was answered or kept; try again later",
}


def ref(model: type[BaseModel]) -> dict:
    """Return a reference to a model's schema."""
    return {"$ref": REF.format(model=model.__name__)}


def problems(*statuses: int) -> dict:
    """Describe the refusals that a route may answer with."""
    content = {"application/problem+json": {"schema": ref(ProblemDetails)}}
    return {status: {"description": REASONS[status], "content": content} for status in statuses}


def takes(schema: dict, sample: dict, *statuses: int) -> dict[str, Any]:
    """Describe a route that reads its body itself: the body, an example of it, the refusals."""
    content = {"application/json": {"schema": schema, "example": sample}}
    return {
        "openapi_extra": {"requestBody": {"required": True, "content": content}},
        "responses": problems(*statuses),
    }


ONE_OR_MANY_REPORTS = {"anyOf": [ref(Report), {"type": "array", "items": ref(Report)}]}

QUESTION = takes(ref(Question), example(Question), 400, 401, 403, 413, 422, 503)
QUESTIONS = takes(ref(Questions), {"questions": [example(Question)]}, 400, 401, 403, 413, 422, 503)
REPORTS = takes(ONE_OR_MANY_REPORTS, example(Report), 400, 401, 403, 413, 422, 503)


def describe(app: FastAPI) -> None:
    """Add the page and its schema to the app."""

    def openapi() -> dict:
        if app.openapi_schema is None:
            document = get_openapi(
                title="Prediction API", version="1", description=DESCRIPTION, routes=app.routes
            )
            schemas = document["components"]["schemas"]
            schemas |= body_schemas()
            describe_units(schemas)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi
    app.mount("/docs/assets", StaticFiles(directory=PAGE, packages=[("fastapi_offline", "static")]))

    @app.get("/docs", include_in_schema=False)
    async def page():
        return FileResponse(
            PAGE / "index.html", headers={"Content-Security-Policy": ONLY_FROM_HERE}
        )


def body_schemas() -> dict:
    """Return the schemas of the bodies that routes read themselves: FastAPI does not know them."""
    models = (Question, Questions, Report, ProblemDetails)
    _, schema = models_json_schema([(model, "validation") for model in models], ref_template=REF)
    return schema["$defs"]


def describe_units(schemas: dict) -> None:
    """Add units to the descriptions, as the page does not show the keyword `unit`."""
    for schema in schemas.values():
        for field in schema["properties"].values():
            if "unit" in field:
                description, unit = field.get("description"), field["unit"]
                field["description"] = f"{description}, in {unit}" if description else unit
