"""Strangers without a key, and how everyone else is served beside them.

As a program, `python strangers.py PORT`, it is the strangers: it sends until its input ends, and
prints how many connections of each kind it made. It needs only the standard library.
"""

import base64
import json
import socket
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import cycle
from statistics import quantiles
from threading import Event, Thread

UNFINISHED = 90
HIDDEN = b"GET /v1/model HTTP/1.1\r\nHost: x\r\n\r\n"
GUESS = base64.b64encode(b"admin:a guess").decode()
BROKEN = (["Transfer-Encoding: chunked"], b"5\r\nhello\r\nZZ\r\n")

STARTED = [
    (["Content-Length: 9999"], b" " * 9998),
    (["Content-Length: 1048576"], b" " * 1048575),
    (["Transfer-Encoding: chunked"], b"2000\r\n" + b" " * 8000),
]
"""Headers and what is sent of the body; the rest never comes."""

TWO_IN_ONE = [
    (["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"], HIDDEN),
    (["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: a"], HIDDEN),
    (["Expect: 100-continue"], HIDDEN),
    (["Transfer-Encoding: chunked"], b"0\r\n\r\n" + HIDDEN),
    (["Authorization: Bearer slipway_" + "x" * 38], HIDDEN),
    ([f"Authorization: Basic {GUESS}"], HIDDEN),
]
"""What one parser may take for one request and another for two; and guesses."""

CLIENTS = 8
QUESTIONS_A_SECOND = 320


class Raw:
    """A connection to the gateway, on which anything can be sent."""

    def __init__(self, port: int | str):
        self.socket = socket.create_connection(("127.0.0.1", int(port)), 30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, path: str, *headers: str, body: bytes = b"") -> None:
        lines = (f"POST {path} HTTP/1.1", "Host: localhost", *headers, "", "")
        self.socket.sendall("\r\n".join(lines).encode() + body)

    def status(self) -> int:
        """Return the status of the first answer, but not of 100 Continue."""
        received = b""
        while part := self.socket.recv(65536):
            received += part
            lines = received.split(b"\r\n")[:-1]
            statuses = [line.split()[1] for line in lines if line.startswith(b"HTTP/1.1 ")]
            if final := [status for status in statuses if status != b"100"]:
                return int(final[0])
        raise ConnectionError("It was closed without an answer.")

    def statuses(self) -> list[bytes]:
        """Return the status lines of all answers until the connection is quiet or closed."""
        self.socket.settimeout(2)
        received = b""
        try:
            while part := self.socket.recv(65536):
                received += part
        except (TimeoutError, ConnectionError):
            pass
        return [line for line in received.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


class Strangers:
    """Connections of each kind, again and again."""

    def __init__(self, port: str):
        self.port = port
        self.sent: Counter = Counter()
        self.unfinished: deque[Raw] = deque()
        self.started = cycle(STARTED)
        self.two_in_one = cycle(TWO_IN_ONE)

    def start_a_body(self) -> None:
        """Send all of a body but its end; of those still open, close the oldest."""
        headers, body = next(self.started)
        connection = Raw(self.port)
        self.unfinished.append(connection)
        with suppress(OSError):  # refused before all was sent
            connection.send("/v1/predict/batch", *headers, body=body)
        if len(self.unfinished) > UNFINISHED:
            self.unfinished.popleft().socket.close()

    def hide_a_request(self) -> None:
        """Send a request in what may be another's body, and wait for one answer at most."""
        headers, body = next(self.two_in_one)
        path = "/" if "Basic" in headers[-1] else "/v1/predict"
        if "chunked" not in headers[-1]:
            headers = [*headers, f"Content-Length: {len(body)}"]
        with Raw(self.port) as connection, suppress(OSError):
            connection.socket.settimeout(2)
            connection.send(path, *headers, body=body)
            connection.status()

    def break_a_body(self) -> None:
        headers, body = BROKEN
        with Raw(self.port) as connection:
            connection.send("/v1/predict", *headers, body=body)

    def again(self, act: Callable[[], None], seconds: float, stop: Event) -> None:
        while not stop.wait(seconds):
            with suppress(OSError, IndexError):  # IndexError: closed without an answer
                act()
            self.sent[act.__name__] += 1


def main() -> None:
    """Send until the input ends, then say how often."""
    strangers, stop = Strangers(sys.argv[1]), Event()
    for act, seconds in (
        (strangers.start_a_body, 0.05),
        (strangers.hide_a_request, 0.05),
        (strangers.break_a_body, 0.5),
    ):
        Thread(target=strangers.again, args=(act, seconds, stop), daemon=True).start()
    sys.stdin.read()
    stop.set()
    print(json.dumps(strangers.sent))


@dataclass
class Served:
    """How the others were served: seconds of each right answer, and what else there was."""

    seconds: list[float] = field(default_factory=list)
    wrong: Counter = field(default_factory=Counter)

    @property
    def p99(self) -> float:
        """Return within how many seconds 99 of 100 were answered."""
        return quantiles(self.seconds, n=100)[98]

    def __str__(self) -> str:
        times = f"p99 {1000 * self.p99:.1f} ms" if len(self.seconds) > 1 else "no time"
        return f"{len(self.seconds)} right answers, else {dict(self.wrong)}, {times}"

    def __iadd__(self, other: "Served") -> "Served":
        self.seconds += other.seconds
        self.wrong += other.wrong
        return self


def asked(stack, number: int, requests: int, question: dict) -> Served:
    """Ask as one client, whose batches, and so whose answers, have a length of their own."""
    served, length = Served(), number + 1
    body = json.dumps({"questions": [question] * length})
    headers = {
        "Authorization": f"Bearer {stack.settings['API_KEY']}",
        "Content-Type": "application/json",
    }
    due = time.monotonic()
    with closing(HTTPConnection("127.0.0.1", int(stack.settings["GATEWAY_PORT"]), 30)) as api:
        for _ in range(requests):
            due += CLIENTS / QUESTIONS_A_SECOND
            time.sleep(max(0, due - time.monotonic()))
            begun = time.monotonic()
            try:
                api.request("POST", "/v1/predict/batch", body, headers)
                reply = api.getresponse()
                content = reply.read()
            except (OSError, HTTPException) as error:
                served.wrong[repr(error)] += 1
                api.close()
                continue
            if reply.status != 200:
                served.wrong[reply.status] += 1
            elif len(json.loads(content)["predictions"]) != length:
                served.wrong["somebody else's answer"] += 1
            else:
                served.seconds.append(time.monotonic() - begun)
    return served


def serve(stack, requests: int, question: dict) -> Served:
    """Ask this often, by several clients at once and at a steady rate."""
    total = Served()
    with ThreadPoolExecutor(CLIENTS) as pool:
        each = [
            pool.submit(asked, stack, number, requests // CLIENTS, question)
            for number in range(CLIENTS)
        ]
        for one in each:
            total += one.result()
    return total


@contextmanager
def strangers_at(stack):
    """Have strangers at the gateway; yield what will hold how many connections of a kind came."""
    command = [sys.executable, __file__, stack.settings["GATEWAY_PORT"]]
    sent: Counter = Counter()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        time.sleep(5)  # until the unfinished bodies are there
        yield sent
        sent.update(json.loads(program.communicate(timeout=30)[0]))


def served_beside_strangers(stack, question: dict, requests: int, rounds: int = 1):
    """Serve this many requests beside strangers, and a quarter as many without, in turns.

    Returns how those without and those with strangers were served, and what the strangers sent.
    """
    quiet, beside, sent = Served(), Served(), Counter()
    serve(stack, CLIENTS * 20, question)  # so that both begin with warm replicas
    for number in range(rounds):
        quiet += serve(stack, requests // rounds // 4, question)
        with strangers_at(stack) as theirs:
            beside += serve(stack, requests // rounds, question)
        sent += theirs
        print(f"  {number + 1} of {rounds}: without strangers {quiet}, beside them {beside}")
    return quiet, beside, sent


def restarts(stack) -> list[int]:
    """Return how often each container was started again that requests go through."""
    services = stack.containers()
    names = ("gateway", "gateway-signin", "prediction")
    return [one["RestartCount"] for name in names for one in services[name]]


def figure(visitor, query: str) -> float:
    """Return one figure from Prometheus."""
    (row,) = visitor.get("/prometheus/api/v1/query", params={"query": query}).json()["data"][
        "result"
    ]
    return float(row["value"][1])


GATEWAY_MEMORY = 96 * 2**20
"""Bytes that compose.yaml gives the gateway."""


def assert_logged_and_counted(stack, visitor) -> None:
    """Find refused requests and names in the logs, all counted, in a gateway with memory left."""
    log = stack.compose("logs", "--no-log-prefix", "gateway").stdout
    assert '"status":401' in log and "slipway_" not in log
    assert "was refused as 'admin'" in stack.compose("logs", "gateway-signin").stdout
    refused = 'sum(caddy_http_request_duration_seconds_count{job="gateway", code=~"4.."})'
    assert figure(visitor, refused) > 20
    memory = figure(visitor, 'max_over_time(process_resident_memory_bytes{job="gateway"}[30m])')
    print(f"  The gateway took at most {memory / 2**20:.0f} MiB.")
    assert memory < 0.9 * GATEWAY_MEMORY


if __name__ == "__main__":
    main()
