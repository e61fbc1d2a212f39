"""Requests at a constant rate, whatever becomes of the answers: an open loop."""

import http.client
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

from running import FLIGHT, Stack

MOST_AT_ONCE = 300
PATIENCE = 30


@dataclass
class Reply:
    """What became of one request; the status is 0 if there was no answer."""

    sent: float
    took: float
    status: int
    body: dict = field(repr=False)


def ask(stack: Stack, sent: float) -> Reply:
    """Ask the gateway the example, on a connection of its own."""
    begun = time.monotonic()
    port = int(stack.settings["GATEWAY_PORT"])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    headers = {"Authorization": f"Bearer {stack.settings['API_KEY']}"}
    try:
        connection.request("POST", "/v1/predict", json.dumps(FLIGHT), headers)
        reply = connection.getresponse()
        status, body = reply.status, json.loads(reply.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        status, body = 0, {"error": repr(error)}
    finally:
        connection.close()
    return Reply(sent, time.monotonic() - begun, status, body)


@contextmanager
def load(stack: Stack, a_second: float) -> Iterator[list[Reply]]:
    """Ask at this rate until the end of the block; yield the list that replies are put into.

    `sent` of a reply is in seconds since the first.
    """
    replies: list[Reply] = []
    stop, begun = Event(), time.monotonic()

    def send() -> None:
        number = 0
        while not stop.wait(max(0.0, begun + number / a_second - time.monotonic())):
            sent = time.monotonic() - begun
            threads.submit(lambda sent=sent: replies.append(ask(stack, sent)))
            number += 1

    with ThreadPoolExecutor(MOST_AT_ONCE) as threads:
        sender = Thread(target=send)
        sender.start()
        try:
            yield replies
        finally:
            stop.set()
            sender.join()


def failed(replies: list[Reply]) -> list[Reply]:
    """Return those that were not answered with 200."""
    return [reply for reply in replies if reply.status != 200]


def percentile(replies: list[Reply], part: float) -> float:
    """Return the seconds within which this part of the replies came."""
    took = sorted(reply.took for reply in replies)
    return took[min(len(took) - 1, int(part * len(took)))]
