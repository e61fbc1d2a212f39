"""Where the express lane leaves the server's way: when uvicorn would start a task for a request.

Of uvicorn's protocol this uses more than is documented. A test says when that changes, and as long
as it is not mended, the app answers all.
"""

import time
from functools import partial
from typing import Any, NamedTuple

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from prediction.lane import PATH, Lane
from prediction.metrics import REQUESTS_IN_FLIGHT, received, request_seconds, requests
from prediction.together import Asked


class Held(NamedTuple):
    """A request that the lane has, with uvicorn's cycle of it, and what else would answer it."""

    cycle: Any
    app: Any
    client: str
    since: float


class LaneProtocol(HttpToolsProtocol):
    """The server's protocol, which lets some requests wait for the lane before the app gets them.

    Keeping alive, pipelining and draining stay the server's.
    """

    lane: Lane
    held: Held | None = None

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        client = None if self.flow.write_paused else self.lane.client(cycle.scope)
        if client is None:
            return super()._start_asgi_task(cycle, app)
        self.held = Held(cycle, app, client, received(cycle.scope))
        REQUESTS_IN_FLIGHT.inc()
        if not cycle.more_body:
            self.ask(self.held)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self.held and self.held.cycle is self.cycle:
            self.ask(self.held)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.held and self.held.cycle.more_body:  # it was never asked
            self.answer(self.held, None)

    def ask(self, held: Held) -> None:
        """Let the question be answered, now that its body is there."""
        take = partial(self.answer, held)
        self.lane.together.ask(Asked(bytes(held.cycle.body), held.client, take))

    def answer(self, held: Held, body: bytes | None) -> None:
        """Send this answer, or let the app answer."""
        self.held = None
        REQUESTS_IN_FLIGHT.dec()
        if body is None:
            return super()._start_asgi_task(held.cycle, held.app)
        requests(PATH, 200).inc()
        request_seconds(PATH).observe(time.time() - held.since)
        if not held.cycle.disconnected and not self.transport.is_closing():
            self.send(held, body)

    def send(self, held: Held, body: bytes) -> None:
        """Send a whole response, as the server does part by part."""
        cycle, default = held.cycle, self.server_state.default_headers
        cycle.response_started = cycle.response_complete = True
        self.transport.write(
            self.lane.response(body, held.client, default, last=not cycle.keep_alive)
        )
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()


def protocol_with(lane: Lane) -> type[LaneProtocol]:
    """Return the protocol of a server that has this lane."""
    return type("ProtocolWithLane", (LaneProtocol,), {"lane": lane})
