"""What the autoscaler sees and wants, for the board and for alerts, in Prometheus' text format."""

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from autoscaler.decision import Decision

PORT = 9101
FRESH = 15.0
"""Seconds since the last look within which the autoscaler is well."""

TEXT = """\
# TYPE autoscaler_replicas gauge
autoscaler_replicas{{what="least"}} {least}
autoscaler_replicas{{what="most"}} {most}
autoscaler_replicas{{what="wanted"}} {wanted}
autoscaler_replicas{{what="running"}} {running}
# TYPE autoscaler_load gauge
autoscaler_load{{window="long"}} {stable}
autoscaler_load{{window="short"}} {panic}
# TYPE autoscaler_burst gauge
autoscaler_burst {panicking:d}
# TYPE autoscaler_changes_total counter
autoscaler_changes_total{{change="start"}} {start}
autoscaler_changes_total{{change="stop"}} {stop}
"""


class Metrics:
    """The figures of the last look."""

    def __init__(self, least: int, most: int):
        self.least, self.most = least, most
        self.changes = {"start": 0, "stop": 0}
        self.text = ""
        self.looked = time.monotonic()

    def show(self, decision: Decision, running: int) -> None:
        """Replace the figures."""
        self.looked = time.monotonic()
        self.text = TEXT.format(
            least=self.least,
            most=self.most,
            wanted=decision.replicas,
            running=running,
            stable=decision.stable,
            panic=decision.panic,
            panicking=decision.panicking,
            **self.changes,
        )

    def serve(self, name: str) -> None:
        """Answer everyone who asks at this name, from now on."""
        server = ThreadingHTTPServer((socket.gethostbyname(name), PORT), handler(self))
        threading.Thread(target=server.serve_forever, daemon=True).start()


def handler(metrics: Metrics) -> type[BaseHTTPRequestHandler]:
    """Return what answers with the figures, or with 503 if the last look is too long ago."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fresh = time.monotonic() - metrics.looked < FRESH
            self.send_response(200 if fresh else 503)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(metrics.text.encode() if fresh else b"The last look is too old.\n")

        def log_message(self, *_) -> None:
            """Log no request: monitoring asks every few seconds."""

    return Handler
