"""The counters of all replicas, which Docker's DNS lists."""

import http.client
import socket
from concurrent.futures import Future, ThreadPoolExecutor, wait

from autoscaler.load import counters

NAME, PORT = "prediction-replicas", 8000

PATIENCE = 1.0
"""Seconds in which the replicas must answer."""

LARGEST = 2**20
"""Bytes of an answer that are read."""


class Gauges:
    """Asks all replicas at once."""

    def __init__(self):
        self.threads = ThreadPoolExecutor(64)  # more than there are addresses
        self.asked: dict[str, Future[dict[str, float]]] = {}

    def read(self) -> dict[str, dict[str, float]]:
        """Return the counters of each replica that answers in time, by its address.

        One that does not come to its end is not asked again meanwhile, and delays nobody.
        """
        for address in addresses():
            if address not in self.asked:
                self.asked[address] = self.threads.submit(counters_of, address)
        wait(self.asked.values(), PATIENCE)
        ended = {address: asked for address, asked in self.asked.items() if asked.done()}
        self.asked = {a: asked for a, asked in self.asked.items() if a not in ended}
        return {address: asked.result() for address, asked in ended.items() if asked.result()}


def addresses() -> list[str]:
    """Return the addresses of the replicas that run, or none if DNS knows none."""
    try:
        found = socket.getaddrinfo(NAME, PORT, socket.AF_INET, socket.SOCK_STREAM)
    except OSError:
        return []
    return sorted({str(address[0]) for *_, address in found})


def counters_of(address: str) -> dict[str, float]:
    """Return the counters of a replica, or none if it does not answer, or nonsense."""
    connection = http.client.HTTPConnection(address, PORT, timeout=PATIENCE)
    try:
        connection.request("GET", "/metrics")
        return counters(connection.getresponse().read(LARGEST).decode())
    except (OSError, ValueError, http.client.HTTPException):
        return {}
    finally:
        connection.close()
