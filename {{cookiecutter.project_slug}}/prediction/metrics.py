"""The service's metrics for Prometheus."""

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
CHAMPION = Gauge("champion_info", "The model that answers", ["version"])
CHAMPION_LOADED = Gauge("champion_loaded_timestamp_seconds", "When that model was loaded")
CHAMPION_REFUSED = Counter(
    "champion_refused_total", "Promoted models that this replica would not load", ["reason"]
)
JOURNAL_PENDING = Gauge(
    "journal_pending_bytes",
    "Answers that storage did not take; replicas share the folder: take the maximum",
)


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
