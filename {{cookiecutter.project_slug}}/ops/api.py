"""The platform's API, asked through the gateway with the owner's key."""

import http.client
import json
import socket
import ssl

from ops import compose, dotenv

AUTHORITY = "cat $XDG_DATA_HOME/caddy/pki/authorities/local/root.crt"


class ApiProblem(Exception):
    """The API could not be asked or has refused; the text says why."""

    def __init__(self, text: str, status: int = 0):
        super().__init__(text)
        self.status = status


class OwnMachine(http.client.HTTPSConnection):
    """TLS to this machine under its public name, whether or not the name leads here already."""

    def __init__(self, domain: str, context: ssl.SSLContext, timeout: float):
        super().__init__(domain, timeout=timeout, context=context)
        self.context = context

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        self.sock = self.context.wrap_socket(plain, server_hostname=self.host)


def base(port: int | None = None) -> str:
    """Where the gateway is; with a port, the API that `make local` started there."""
    here = dotenv.values()
    if port:
        return f"http://localhost:{port}"
    return (
        f"https://{here['DOMAIN']}"
        if here.get("DOMAIN")
        else f"http://localhost:{here['GATEWAY_PORT']}"
    )


def connection(timeout: float, port: int | None) -> http.client.HTTPConnection:
    """A connection to what `base` names."""
    here = dotenv.values()
    if port or not here.get("DOMAIN"):
        return http.client.HTTPConnection(
            "127.0.0.1", port or int(here["GATEWAY_PORT"]), timeout=timeout
        )
    trust = ssl.create_default_context()
    if here.get("CERTIFICATES") == "internal":
        trust.load_verify_locations(
            cadata=compose.text("exec", "-T", "gateway", "sh", "-c", AUTHORITY)
        )
    return OwnMachine(here["DOMAIN"], trust, timeout)


def call(
    path: str, question: dict | None = None, port: int | None = None, timeout: float = 10
) -> dict:
    """Ask, and return the answer; whatever goes wrong is an ApiProblem with a sentence."""
    headers = {
        "Authorization": f"Bearer {dotenv.values()['API_KEY']}",
        "Content-Type": "application/json",
    }
    body = None if question is None else json.dumps(question)
    try:
        asked = connection(timeout, port)
        asked.request("GET" if body is None else "POST", path, body, headers)
        reply = asked.getresponse()
        answer = reply.read()
    except (OSError, ValueError, http.client.HTTPException) as problem:
        raise ApiProblem(
            f"{base(port)} does not answer ({problem}). `make status` shows what runs."
        ) from problem
    if reply.status != 200:
        raise ApiProblem(
            sentence(answer) or f"{base(port)}{path} answered {reply.status}.", reply.status
        )
    return json.loads(answer)


def sentence(answer: bytes) -> str:
    """What a refusal says in words, if it says anything."""
    try:
        problem = json.loads(answer)
        return problem.get("detail") or problem.get("title", "")
    except (ValueError, AttributeError):
        return ""
