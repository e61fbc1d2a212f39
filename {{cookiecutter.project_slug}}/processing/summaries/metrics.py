"""Tells Prometheus what the summary tables say, read anew at each scrape."""

import logging
import os
import threading

import psycopg2
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from core.settings import settings
from model.retraining import WORSE_BY

log = logging.getLogger(__name__)

PORT = 9100

STAGES = "SELECT stage, extract(epoch FROM finished) FROM stages WHERE finished IS NOT NULL"

FILES = """
SELECT count(*) FILTER (WHERE error IS NULL), count(*) FILTER (WHERE error IS NOT NULL),
       extract(epoch FROM max(arrived)), coalesce(sum(rows_accepted), 0), coalesce(sum(rows_rejected), 0)
FROM raw_files"""

NEWEST_MODEL = """
SELECT version, verdict, reason, error, baseline_error,
       CASE verdict WHEN 'promoted' THEN error ELSE champion_error END
FROM models ORDER BY created DESC LIMIT 1"""

REFUSED = """
SELECT count(*) FROM models
WHERE verdict = 'refused'
  AND created > coalesce((SELECT max(created) FROM models WHERE verdict = 'promoted'), '-infinity')"""

DRIFT = """
SELECT name, score, threshold, (alarm AND measured > least(newest.promotion, now() - interval '1 hour'))::int
FROM drift, (SELECT coalesce(max(time), '-infinity') AS promotion FROM promotions) AS newest"""
"""A model that was promoted after it was measured has learned from the drift: an hour later the alarm is over."""

LIVE_ERROR = """
WITH champion AS (SELECT version, error FROM promotions JOIN models USING (version) ORDER BY number DESC LIMIT 1)
SELECT error, coalesce(sum(rows), 0), sum(error_total), sum(error_square_total)
FROM champion LEFT JOIN live_errors ON model = version AND slice = '' AND day > now() - interval '30 days'
GROUP BY error"""

LEAST_ROWS = 30
"""Fewer answers with a known outcome say nothing about the model."""


def stages(found):
    """When each step of the pipeline last came to its end."""
    name = "pipeline_last_success_timestamp_seconds"
    finished = GaugeMetricFamily(name, "When this stage last finished", labels=["stage"])
    for stage, time in found:
        finished.add_metric([stage], time)
    yield finished


def files(found):
    """What came in, and what became of it."""
    ((read, failed, arrived, accepted, rejected),) = found
    files = GaugeMetricFamily("raw_files", "Raw files checked", labels=["result"])
    files.add_metric(["read"], read)
    files.add_metric(["failed"], failed)
    checked = CounterMetricFamily(
        "rows_checked", "Rows checked against the contract", labels=["result"]
    )
    checked.add_metric(["accepted"], accepted)
    checked.add_metric(["rejected"], rejected)
    yield from (files, checked)
    if arrived is not None:
        name = "raw_newest_file_timestamp_seconds"
        yield GaugeMetricFamily(name, "When the newest raw file arrived", arrived)


def newest_model(found):
    """How the newest candidate, today's champion and the naive baseline did on the same newest rows."""
    errors = GaugeMetricFamily("model_error", "Error on the newest rows", labels=["kind"])
    refused = GaugeMetricFamily(
        "candidate_refused", "The newest model lost", labels=["version", "reason"]
    )
    for version, verdict, reason, *values in found:
        for kind, error in zip(("candidate", "baseline", "champion"), values, strict=True):
            if error is not None:
                errors.add_metric([kind], error)
        if verdict == "refused":
            refused.add_metric([version, reason or "No reason was kept."], 1)
    yield from (errors, refused)


def refused(found):
    """How many candidates have been refused since the last one that was promoted."""
    ((number,),) = found
    yield GaugeMetricFamily(
        "candidates_refused_in_a_row", "Candidates refused since the last promotion", number
    )


def drift(found):
    """How far new rows are from those that the champion was trained on."""
    measured = GaugeMetricFamily(
        "drift_score", "How far new rows are from the old", labels=["column"]
    )
    allowed = GaugeMetricFamily(
        "drift_threshold", "What resampling gives without drift", labels=["column"]
    )
    alarm = GaugeMetricFamily("drift_alarm", "1 if it is more than that", labels=["column"])
    for column, *values in found:
        for metric, value in zip((measured, allowed, alarm), values, strict=True):
            metric.add_metric([column], value)
    yield from (measured, allowed, alarm)


def live_error(found):
    """What the champion's answers of the last 30 days turned out to be wrong by, and what its card promised.

    `at_least` is what the error is with a probability of 98 %, from LEAST_ROWS on; beyond `tolerated` it alarms.
    """
    errors = GaugeMetricFamily(
        "live_error", "Mean error of the champion's answers", labels=["kind"]
    )
    for promised, rows, total, squares in found:
        errors.add_metric(["promised"], promised)
        errors.add_metric(["tolerated"], (1 + WORSE_BY) * promised)
        if rows >= LEAST_ROWS:
            mean = total / rows
            errors.add_metric(["live"], mean)
            errors.add_metric(
                ["at_least"], mean - 2 * (max(0, squares / rows - mean**2) / rows) ** 0.5
            )
    yield errors


QUESTIONS = (
    (STAGES, stages),
    (FILES, files),
    (NEWEST_MODEL, newest_model),
    (REFUSED, refused),
    (DRIFT, drift),
    (LIVE_ERROR, live_error),
)


class Summaries(Collector):
    """Asks the database at each scrape. A database that is away is a metric, not a failure."""

    def __init__(self, url: str):
        self.url = url

    def describe(self):
        return ()

    def collect(self):
        try:
            found = self.read()
        except psycopg2.Error as error:
            log.warning("The summaries can't be read: %s", str(error).strip())
            found = []
        yield GaugeMetricFamily("summaries_up", "1 if the summary tables can be read", bool(found))
        yield from found

    def read(self) -> list:
        connection = psycopg2.connect(self.url, connect_timeout=3)
        try:
            with connection.cursor() as cursor:
                return [
                    metric for sql, meaning in QUESTIONS for metric in meaning(rows(cursor, sql))
                ]
        finally:
            connection.close()


def rows(cursor, sql: str) -> list[tuple]:
    cursor.execute(sql)
    return cursor.fetchall()


def main() -> None:
    logging.basicConfig(level="INFO", format="%(message)s")
    registry = CollectorRegistry()
    registry.register(Summaries(settings().summaries_url.get_secret_value()))
    for address in os.environ.get("LISTEN", "127.0.0.1").split():
        start_http_server(PORT, addr=address, registry=registry)
    threading.Event().wait()


if __name__ == "__main__":
    main()
