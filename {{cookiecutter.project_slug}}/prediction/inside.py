"""What only the platform itself can reach: the gateway lets nobody from outside through to these."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from prediction.champions import Champions
from prediction.problems import Problem


def routes(champions: Champions) -> APIRouter:
    inside = APIRouter(include_in_schema=False)

    @inside.get("/health")
    async def health() -> dict:
        if not champions.healthy:
            raise Problem(
                503,
                "A model was promoted that this replica does not trust, and it has no other. See its log.",
            )
        version = champions.current and champions.current.version
        return {"status": "ok", "model": version, "promoted": champions.promoted}

    @inside.get("/model")
    async def model() -> dict:
        return (await champions.trusted_now()).card

    @inside.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return inside
