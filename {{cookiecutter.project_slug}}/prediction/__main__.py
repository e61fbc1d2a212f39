"""Start one replica: `python -m prediction`."""

import math
import os
import socket
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp

from core import logs
from core.settings import settings
from core.storage import bucket
from prediction.app import create_app
from prediction.champions import Champions
from prediction.journal import Journal
from prediction.keys import Keys
from prediction.limiter import LONGEST_WAIT, LONGEST_WORK

KEEP_ALIVE_SECONDS = 75
"""Longer than the gateway keeps an idle connection, so it never sends into one that is closing."""

DRAIN_SECONDS = math.ceil(LONGEST_WAIT + LONGEST_WORK) + 1
"""How long a replica that is stopped may finish what it has; its listener closes at once."""


def listeners(names: str, port: int) -> list[socket.socket]:
    """Return a socket for each name, so that only the networks of those names reach the service.

    `$HOSTNAME` in a name is replaced: a container knows its own only when it runs.
    """
    addresses = {socket.gethostbyname(name) for name in os.path.expandvars(names).split()}
    return [listener_on(address, port) for address in addresses]


def listener_on(address: str, port: int) -> socket.socket:
    """Return a socket bound to this address; the server starts to listen on it."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    return listener


def main() -> None:
    logs.set_up()
    config = settings()
    app = create_app(
        Champions(bucket("models")),
        Journal(config.journal_folder, bucket("predictions")),
        Keys(config.access_folder / "api-keys.json"),
        config.journal_seconds,
    )
    serve(app, listeners(config.listen, config.port))


def serve(app: ASGIApp, sockets: list[socket.socket]) -> None:
    """Serve the app until the process is told to end."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="none",
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
    )
    with suppress(KeyboardInterrupt):  # Ctrl-C in a terminal; uvicorn has shut down by then
        server.run(sockets=sockets)


if __name__ == "__main__":
    main()
