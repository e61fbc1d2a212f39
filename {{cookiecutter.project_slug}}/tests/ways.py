"""A replica behind a real server, with the express lane and without it."""

import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Mapping
from typing import Any

from prediction.__main__ import listener_on
from prediction.server import server_of
from tests.replica import Replica


class Way:
    """Serves a replica in a thread, and counts what its app is asked."""

    def __init__(self, replica: Replica, lane: bool):
        self.replica = replica
        self.asked = 0
        listener = listener_on("127.0.0.1", 0)
        self.address = listener.getsockname()
        self.server = server_of(self, replica.app.state.lane if lane else None)
        self.thread = threading.Thread(target=self.server.run, args=[[listener]])
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)
        self.connection = http.client.HTTPConnection(*self.address, timeout=20)

    async def __call__(self, scope, receive, send) -> None:
        self.asked += scope["type"] == "http"
        await self.replica.app(scope, receive, send)

    def end(self) -> None:
        self.connection.close()
        self.server.should_exit = True
        self.thread.join(timeout=20)

    def ask(self, body: bytes, headers: Mapping[str, str], path: str = "/v1/predict") -> tuple:
        """Return status, headers and body of the answer, without what differs each time."""
        self.connection.request("POST", path, body, dict(headers))
        reply = self.connection.getresponse()
        content = json.loads(reply.read())
        content.pop("id", None)
        told = sorted((name, value) for name, value in reply.getheaders() if name != "date")
        return reply.status, told, content

    def exchange(self, *pieces: bytes, pause: float = 0.02) -> bytes:
        """Send these bytes piece by piece; return all that comes until the server closes."""
        received = b""
        with socket.create_connection(self.address, timeout=20) as connection:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)
            while part := connection.recv(65536):
                received += part
        received = re.sub(rb'"id":"[0-9a-f-]{36}"', b'"id":""', received)
        return re.sub(rb"date: [^\r]*", b"", received)

    def stored(self) -> list[str]:
        """Return all that was stored, without what differs each time, in some fixed order."""
        lines: list[dict[str, Any]] = self.replica.stored("live")
        return sorted(json.dumps(line | {"id": "", "time": ""}) for line in lines)
