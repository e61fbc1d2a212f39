"""Routes for the platform itself; the gateway passes no request from outside on to them."""

from fastapi import APIRouter, Response, Security
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from prediction.bearer import KeyWith
from prediction.champions import Champions
from prediction.keys import Keys
from prediction.metrics import CONCURRENCY
from prediction.problems import Problem


def routes(champions: Champions, keys: Keys) -> APIRouter:
    """Return /health, /model and /metrics, which need no key, and /key, which checks one."""
    inside = APIRouter(include_in_schema=False)

    @inside.get("/health")
    async def health() -> dict:
        if not champions.healthy:
            raise Problem(
                503,
                "The promoted model was refused and this replica has no other. See its log.",
            )
        version = champions.current and champions.current.version
        return {"status": "ok", "model": version, "promoted": champions.promoted}

    @inside.get("/model")
    async def model() -> dict:
        return dict((await champions.trusted_now()).card)

    @inside.get("/key", dependencies=[Security(KeyWith(keys, None))])
    async def key() -> Response:
        """Answer the gateway, which asks before it takes in a long body."""
        return Response()

    @inside.get("/metrics")
    async def metrics() -> Response:
        CONCURRENCY.change()  # up to now
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return inside
