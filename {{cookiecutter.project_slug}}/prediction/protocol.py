"""HTTP/1.1 and nothing else: an offer to speak another protocol ends the connection."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from prediction.problems import Problem, problem_response


class OneProtocol:
    """Middleware that refuses `Upgrade`.

    The server's parser drops the body of such a request and reads it as the next one (uvicorn's
    issue 2722), so nothing more may be read from the connection.
    """

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and "upgrade" in Headers(scope=scope):
            problem = Problem(
                400,
                "This service speaks HTTP/1.1 only. Send no `Upgrade`.",
                headers={"Connection": "close"},
            )
            return await problem_response(problem)(scope, receive, send)
        await self.app(scope, receive, send)
