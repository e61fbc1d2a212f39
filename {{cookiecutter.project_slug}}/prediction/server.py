"""The HTTP server: uvicorn, with the express lane where the parser is that it needs."""

import asyncio
import math

import uvicorn
from starlette.types import ASGIApp

from prediction.lane import Lane
from prediction.limiter import LONGEST_WAIT, LONGEST_WORK

KEEP_ALIVE_SECONDS = 75
"""Longer than the gateway keeps an idle connection, so it never sends into one that is closing."""

DRAIN_SECONDS = math.ceil(LONGEST_WAIT + LONGEST_WORK) + 1
"""How long a replica that is stopped may finish what it has; its listener closes at once."""


def server_of(app: ASGIApp, lane: Lane | None = None) -> uvicorn.Server:
    """Return a server for this app, with an express lane beside it."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=protocol(lane) if lane else "auto",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="none",
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
    )


def protocol(lane: Lane) -> type[asyncio.Protocol] | str:
    """Return what makes the server's end of each connection."""
    try:
        from prediction.express import protocol_with
    except ImportError:  # httptools is installed on Linux only
        return "auto"
    return protocol_with(lane)
