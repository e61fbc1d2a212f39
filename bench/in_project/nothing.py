"""Serve an app that does nothing, on a port of this machine and by the server of the API."""

import sys

from prediction.__main__ import listener_on
from prediction.server import server_of

HEADERS = [(b"content-length", b"2"), (b"content-type", b"application/json")]


async def nothing(scope, _, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": b"{}"})


if __name__ == "__main__":
    server_of(nothing).run(sockets=[listener_on("127.0.0.1", int(sys.argv[1]))])
