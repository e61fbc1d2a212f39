"""The service's metrics for Prometheus, and for the autoscaler."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from fastapi.routing import APIRoute, APIRouter
from prometheus_client import REGISTRY, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.core import SummaryMetricFamily
from prometheus_client.registry import Collector

from core.schema import CLASS_NAMES

disable_created_metrics()  # a second series for each counter, which nothing reads

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

RECEIVED = b"x-received"
"""The header in which the gateway says when a request was there, in milliseconds since 1970."""

LONGEST_WAIT = 60
"""Seconds after which the gateway has given up: an earlier time in that header is none of its."""

ANSWERED = Counter("answers_total", "Questions answered, by whatever model")
PREDICTIONS = Counter("predictions_total", "Predictions answered", ["model"])
PREDICTIONS_BY_CLASS = Counter(
    "predictions_by_class_total", "Predictions by what was predicted", ["model", "label"]
)
PREDICTION_SECONDS = Histogram(
    "prediction_seconds", "From checked questions to kept answers, of all at once", buckets=SECONDS
)
REQUEST_SECONDS = Histogram(
    "request_seconds",
    "From the gateway's receipt of a question to its answer",
    ["path"],
    buckets=SECONDS,
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
CHAMPION_REFUSED = Gauge(
    "champion_refused", "1 while this replica would not load the promoted model", ["reason"]
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


class Values(Collector):
    """Sum and count of what each model predicted; a Summary would take each value by itself."""

    def __init__(self):
        self.changing = threading.Lock()
        self.by_model: dict[str, tuple[int, float]] = {}
        REGISTRY.register(self)

    def add(self, model: str, count: int, sum: float) -> None:
        """Count so many predictions that have this sum."""
        with self.changing:
            before = self.by_model.get(model, (0, 0.0))
            self.by_model[model] = before[0] + count, before[1] + sum

    def collect(self) -> Iterator[SummaryMetricFamily]:
        """Yield what monitoring reads."""
        family = SummaryMetricFamily(
            "predictions_value", "Sum and count of what was predicted", labels=["model"]
        )
        for model, (count, sum) in list(self.by_model.items()):
            family.add_metric([model], count, sum)
        yield family


PREDICTIONS_VALUE = Values()


@cache
def requests(path: str, status: int) -> Counter:
    """Return the counter of requests to this route that ended so."""
    return REQUESTS.labels(path, status)


@cache
def request_seconds(path: str) -> Histogram:
    """Return the histogram of how long a route takes."""
    return REQUEST_SECONDS.labels(path)


def expect_requests(api: APIRouter) -> None:
    """Let the counters of these routes begin at 0.

    Prometheus sees only steps, so a counter that begins with its first request hides that one.
    """
    for route in api.routes:
        if isinstance(route, APIRoute):
            request_seconds(route.path)
            for status in (route.status_code or 200, *route.responses, 500, 503):
                requests(route.path, status)


def expect_answers(version: str) -> None:
    """Let the counters of a model's answers begin at 0."""
    PREDICTIONS.labels(version)
    if CLASS_NAMES:
        for name in CLASS_NAMES:
            PREDICTIONS_BY_CLASS.labels(version, name)
    else:
        PREDICTIONS_VALUE.add(version, 0, 0.0)


def received(scope: dict) -> float:
    """Return when a request came to the gateway, or here if it came past that."""
    now = time.time()
    for name, value in scope["headers"]:
        if name == RECEIVED and value.isdigit():
            at = int(value) / 1000
            return at if now - LONGEST_WAIT <= at <= now else now
    return now


class Measured:
    """Middleware that counts and times requests by route, whatever happens inside.

    It says in `X-Client` whose key a request came with, for the gateway's log.
    """

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        status, since = 500, received(scope)

        async def watched(message):
            nonlocal status
            status = message.get("status", status)
            if message["type"] == "http.response.start" and "client_name" in scope:
                message["headers"].append((b"x-client", scope["client_name"].encode()))
            await send(message)

        counted = scope["path"].startswith("/v1/")
        REQUESTS_IN_FLIGHT.inc(counted)
        try:
            await self.app(scope, receive, watched)
        finally:
            REQUESTS_IN_FLIGHT.dec(counted)
            path = getattr(scope.get("route"), "path", "other")
            requests(path, status).inc()
            if counted and status < 300:
                request_seconds(path).observe(time.time() - since)
