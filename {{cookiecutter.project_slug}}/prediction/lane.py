"""The express lane: a question that is certainly right is answered without the app behind it.

Whatever is not, for whatever reason, goes the ordinary way with its body, as if there were no lane.
So nothing is refused here, and no sentence is said twice.
"""

from fastapi import APIRouter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.keys import ApiKey
from prediction.keys import Keys
from prediction.lag import Lag
from prediction.limiter import too_late
from prediction.together import Together

PATH = "/v1/predict"

UNUSUAL = (b"upgrade", b"expect")
"""Headers that ask for more than an answer."""

TYPE = (b"content-type", b"application/json")


class Lane:
    """Middleware that answers questions of the route at PATH, if they are right."""

    def __init__(self, app: ASGIApp, api: APIRouter, keys: Keys, lag: Lag, together: Together):
        self.app = app
        (self.route,) = [route for route in api.routes if getattr(route, "path", None) == PATH]
        self.keys = keys
        self.lag = lag
        self.together = together

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = self.key(scope)
        if key is None:
            return await self.app(scope, receive, send)
        message = await receive()
        answer = (
            await self.together.answer(message.get("body", b""), key.name)
            if whole(message)
            else None
        )
        if answer is None:
            return await self.app(scope, first(message, receive), send)
        scope |= {"route": self.route, "client_name": key.name}
        headers = [(b"content-length", b"%d" % len(answer)), TYPE]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def key(self, scope: Scope) -> ApiKey | None:
        """Return the key of a question, or None if this may not be one, or not be answered."""
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST":
            return None
        headers = dict(scope["headers"])
        twice = len(headers) < len(scope["headers"])
        if twice or too_late(self.lag) or any(name in headers for name in UNUSUAL):
            return None
        return self.keys.known(headers.get(b"authorization", b""), "predict")


def whole(message: Message) -> bool:
    """Return whether a message has all of a body."""
    return message["type"] == "http.request" and not message.get("more_body", False)


def first(message: Message, receive: Receive) -> Receive:
    """Return a way to receive this message again, and what follows it."""
    again = [message]

    async def receive_again() -> Message:
        return again.pop() if again else await receive()

    return receive_again
