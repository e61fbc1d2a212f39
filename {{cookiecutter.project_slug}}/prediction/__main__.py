"""Start one replica: `python -m prediction`."""

import os
import socket
from contextlib import suppress

from core import logs
from core.settings import settings
from core.storage import bucket
from prediction.app import create_app
from prediction.champions import Champions
from prediction.journal import Journal
from prediction.keys import Keys
from prediction.server import server_of


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
    server = server_of(app, app.state.lane)
    with suppress(KeyboardInterrupt):  # Ctrl-C in a terminal; uvicorn has shut down by then
        server.run(sockets=listeners(config.listen, config.port))


if __name__ == "__main__":
    main()
