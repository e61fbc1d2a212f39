"""The OpenAPI page: /docs, its assets and the description it shows, all from this service."""

from pathlib import Path

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
ONLY_FROM_HERE = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'self'"
DESCRIPTION = "Press Authorize, paste an API key, and try. The example questions work as they are."
REF = "#/components/schemas/{model}"


def takes(schema: dict, shown) -> dict:
    """The description of a body that the route reads itself, as its raw bytes are what is checked."""
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema, "example": shown}},
        }
    }


def ref(model: type[BaseModel]) -> dict:
    return {"$ref": REF.format(model=model.__name__)}


QUESTION = takes(ref(Question), example(Question))
QUESTIONS = takes(ref(Questions), {"questions": [example(Question)]})
REPORTS = takes({"anyOf": [ref(Report), {"type": "array", "items": ref(Report)}]}, example(Report))


def problems(*statuses: int) -> dict:
    """What else a route may answer."""
    content = {"application/problem+json": {"schema": ref(ProblemDetails)}}
    return {status: {"description": SAID[status], "content": content} for status in statuses}


SAID = {
    400: "Not JSON, or no body",
    401: "No API key, or not a valid one",
    403: "The key lacks the right",
    413: "Larger than 1 MiB",
    422: "A field is wrong; each is named with its bounds",
    503: "No model has been published yet",
}


def describe(app: FastAPI) -> None:
    """Add the page and its description to the app."""

    def openapi() -> dict:
        if app.openapi_schema is None:
            described = get_openapi(
                title="Prediction API", version="1", description=DESCRIPTION, routes=app.routes
            )
            described["components"]["schemas"] |= body_schemas()
            say_units(described["components"]["schemas"])
            app.openapi_schema = described
        return app.openapi_schema

    app.openapi = openapi
    app.mount("/docs/assets", StaticFiles(directory=PAGE, packages=[("fastapi_offline", "static")]))

    @app.get("/docs", include_in_schema=False)
    async def page():
        return FileResponse(
            PAGE / "index.html", headers={"Content-Security-Policy": ONLY_FROM_HERE}
        )


def body_schemas() -> dict:
    """The models that routes read themselves, which FastAPI therefore does not know."""
    models = [(model, "validation") for model in (Question, Questions, Report, ProblemDetails)]
    return models_json_schema(models, ref_template=REF)[1]["$defs"]


def say_units(schemas: dict) -> None:
    """The page shows no keyword `unit`, so it is said in the description."""
    for schema in schemas.values():
        for field in schema["properties"].values():
            if "unit" in field:
                field["description"] = (
                    f"{field.get('description', '')}, in {field['unit']}".removeprefix(", in ")
                )
