"""A webhook on this machine, to which a platform sends its alerts."""

import json
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from running import run

HEARD_OF = 60
"""Promised seconds until people are told. The deadline is three times that."""


@dataclass(frozen=True)
class Webhook:
    """What came to an address, in the order in which it came."""

    address: str
    deliveries: queue.SimpleQueue

    def firing(self, alert: str, **labels: str) -> dict:
        """Return the first message about an alert; others that come before it are dropped."""
        deadline = time.monotonic() + HEARD_OF * 3
        wanted = {"alertname": alert, **labels}.items()
        while True:
            delivery = self.deliveries.get(timeout=max(0.1, deadline - time.monotonic()))
            for notice in delivery["alerts"]:
                assert notice["labels"]["severity"] != "info", "nothing is to be done about it"
                if notice["status"] == "firing" and wanted <= notice["labels"].items():
                    return notice


@contextmanager
def listening() -> Iterator[Webhook]:
    """Yield a webhook that containers reach."""
    deliveries = queue.SimpleQueue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            deliveries.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    gateway = run(
        "docker", "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}"
    )
    with ThreadingHTTPServer((gateway.stdout.strip(), 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Webhook("http://{}:{}/".format(*server.server_address), deliveries)
        server.shutdown()
