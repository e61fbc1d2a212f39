"""The service's metrics for Prometheus, and for the autoscaler."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge, Histogram, Summary

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)

PREDICTIONS = Counter("predictions_total", "Predictions answered", ["model"])
PREDICTIONS_VALUE = Summary("predictions_value", "Sum and count of what was predicted", ["model"])
PREDICTIONS_BY_CLASS = Counter(
    "predictions_by_class_total", "Predictions by what was predicted", ["model", "label"]
)
PREDICTION_SECONDS = Histogram(
    "prediction_seconds", "From a checked question to a kept answer", buckets=SECONDS
)
REQUESTS = Counter("requests_total", "Requests answered", ["path", "status"])
REQUESTS_IN_FLIGHT = Gauge("requests_in_flight", "Requests to /v1 that are being answered")
WAITING = Gauge("work_waiting", "Requests that wait for their turn")
COMPUTING = Gauge("work_computing", "Requests whose turn it is")
WAIT_SECONDS = Histogram("work_wait_seconds", "How long requests waited for it", buckets=SECONDS)
REFUSED = Counter("work_refused_total", "Requests refused because there was too much to do")
ABANDONED = Counter("work_abandoned_total", "Requests whose client left while they waited")
LAG = Gauge("loop_lag_seconds", "How long whatever comes in waits for the event loop")
CHAMPION = Gauge("champion_info", "The model that answers", ["version"])
CHAMPION_LOADED = Gauge("champion_loaded_timestamp_seconds", "When that model was loaded")
CHAMPION_REFUSED = Counter(
    "champion_refused_total", "Promoted models that this replica would not load", ["reason"]
)
JOURNAL_PENDING = Gauge(
    "journal_pending_bytes",
    "Answers that storage did not take; replicas share the folder: take the maximum",
)


class Concurrency:
    """How many requests there are at a time, waiting or at work, summed over the seconds.

    The difference between two looks, divided by the seconds between them, is the average. A gauge
    would miss all that begins and ends between two looks.
    """

    def __init__(self):
        self.sum = Counter("work_seconds_total", "Seconds of all requests, waiting or at work")
        self.number = 0
        self.since = time.monotonic()

    def add(self, seconds: float) -> None:
        """Count seconds that a request spent before this could see it."""
        self.sum.inc(seconds)

    def change(self, by: int = 0) -> None:
        """Count what has passed, and from now on so many requests more or fewer."""
        now = time.monotonic()
        self.sum.inc(self.number * (now - self.since))
        self.number, self.since = self.number + by, now

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Count one request more during the block."""
        self.change(1)
        try:
            yield
        finally:
            self.change(-1)


CONCURRENCY = Concurrency()


class Measured:
    """Middleware that counts requests by route and status, whatever happens inside."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        status = 500

        async def watched(message):
            nonlocal status
            status = message.get("status", status)
            await send(message)

        counted = scope["path"].startswith("/v1/")
        REQUESTS_IN_FLIGHT.inc(counted)
        try:
            await self.app(scope, receive, watched)
        finally:
            REQUESTS_IN_FLIGHT.dec(counted)
            REQUESTS.labels(getattr(scope.get("route"), "path", "other"), status).inc()
