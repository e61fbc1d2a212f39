"""The express lane: a question that is certainly right is answered without the app.

Whatever is not, for whatever reason, goes the ordinary way with its body, as if there were no lane.
So nothing is refused here, and no sentence is said twice.
"""

from starlette.types import Scope

from prediction.body import SHORT
from prediction.keys import Keys
from prediction.lag import Lag
from prediction.limiter import too_late
from prediction.together import Together

PATH = "/v1/predict"

UNUSUAL = (b"upgrade", b"expect")
"""Headers that ask for more than an answer."""

STATUS = b"HTTP/1.1 200 OK\r\n"
TYPE = (b"content-type", b"application/json")

Headers = list[tuple[bytes, bytes]]


class Lane:
    """Says which requests may be answered here, and has who answers them."""

    def __init__(self, keys: Keys, lag: Lag, together: Together):
        self.keys = keys
        self.lag = lag
        self.together = together
        self.default: Headers | None = None
        self.head = b""

    def client(self, scope: Scope) -> str | None:
        """Return whose question this may be, or None if the app had better look at it."""
        if scope["path"] != PATH or scope["method"] != "POST" or too_late(self.lag):
            return None
        headers = dict(scope["headers"])
        twice = len(headers) < len(scope["headers"])
        length = headers.get(b"content-length", b"")
        if twice or not length.isdigit() or int(length) > SHORT:
            return None
        if any(name in headers for name in UNUSUAL):
            return None
        key = self.keys.known(headers.get(b"authorization", b""), "predict")
        return key.name if key else None

    def response(self, body: bytes, client: str, default: Headers, last: bool) -> bytes:
        """Return a whole response; after the last one the connection is closed."""
        if default is not self.default:  # the server has others every second
            self.default, self.head = default, STATUS + joined(default)
        own = [(b"content-length", b"%d" % len(body)), TYPE, (b"x-client", client.encode())]
        own += [(b"connection", b"close")] if last else []
        return b"%b%b\r\n%b" % (self.head, joined(own), body)


def joined(headers: Headers) -> bytes:
    """Return headers as they are sent."""
    return b"".join(b"%b: %b\r\n" % header for header in headers)
