"""The platform's API, called through the gateway with the owner's key."""

import http.client
import json
import socket
import ssl

from ops import compose, dotenv

SHOW_AUTHORITY = "cat $XDG_DATA_HOME/caddy/pki/authorities/local/root.crt"


class ApiProblem(Exception):
    """A call that failed or was refused; the text says why."""

    def __init__(self, text: str, status: int = 0):
        super().__init__(text)
        self.status = status


class OwnMachine(http.client.HTTPSConnection):
    """TLS to this machine by its public name, whether or not the name points here already."""

    def __init__(self, domain: str, context: ssl.SSLContext, timeout: float):
        super().__init__(domain, timeout=timeout, context=context)
        self.context = context

    def connect(self) -> None:
        """Connect to this machine and check its certificate against the name."""
        plain = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        self.sock = self.context.wrap_socket(plain, server_hostname=self.host)


def base(port: int | None = None) -> str:
    """Return the gateway's address; with a port, that of the API which `make local` started."""
    if port:
        return f"http://localhost:{port}"
    settings = dotenv.values()
    if domain := settings.get("DOMAIN"):
        return f"https://{domain}"
    return f"http://localhost:{settings['GATEWAY_PORT']}"


def connection(timeout: float, port: int | None) -> http.client.HTTPConnection:
    """Return a connection to the address that `base` returns."""
    settings = dotenv.values()
    domain = settings.get("DOMAIN")
    if port or not domain:
        port = port or int(settings["GATEWAY_PORT"])
        return http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    trust = ssl.create_default_context()
    if settings.get("CERTIFICATES") == "internal":
        authority = compose.text("exec", "-T", "gateway", "sh", "-c", SHOW_AUTHORITY)
        trust.load_verify_locations(cadata=authority)
    return OwnMachine(domain, trust, timeout)


def call(
    path: str, question: dict | None = None, port: int | None = None, timeout: float = 10
) -> dict:
    """Return what the API answers. Raise an ApiProblem with a sentence if anything goes wrong."""
    headers = {
        "Authorization": f"Bearer {dotenv.values()['API_KEY']}",
        "Content-Type": "application/json",
    }
    body = None if question is None else json.dumps(question)
    try:
        gateway = connection(timeout, port)
        gateway.request("GET" if body is None else "POST", path, body, headers)
        reply = gateway.getresponse()
        answer = reply.read()
    except (OSError, ValueError, http.client.HTTPException, compose.NoDocker) as problem:
        raise ApiProblem(
            f"{base(port)} does not answer ({problem}). `make status` shows what runs."
        ) from problem
    if reply.status != 200:
        raise ApiProblem(
            sentence(answer) or f"{base(port)}{path} answered {reply.status}.", reply.status
        )
    return json.loads(answer)


def sentence(answer: bytes) -> str:
    """Return the sentence of a refusal, or nothing if it has none."""
    try:
        problem = json.loads(answer)
        return problem.get("detail") or problem.get("title", "")
    except (ValueError, AttributeError):
        return ""
