"""Exposes what the summary tables say to Prometheus, read anew at each scrape."""

import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator

import psycopg2
from prometheus_client import CollectorRegistry, Gauge, Metric, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from psycopg2.extensions import cursor as Cursor

from core import logs
from core.settings import settings

log = logging.getLogger(__name__)

PORT = 9100

PATIENCE = "-c statement_timeout=3000"
"""Milliseconds for a question; Prometheus gives up on all of them after five seconds."""

Rows = list[tuple]

STAGES = "SELECT stage, extract(epoch FROM finished) FROM stages WHERE finished IS NOT NULL"

FILES = """
SELECT count(*) FILTER (WHERE error IS NULL), count(*) FILTER (WHERE error IS NOT NULL),
       extract(epoch FROM max(arrived)),
       coalesce(sum(rows_accepted), 0), coalesce(sum(rows_rejected), 0)
FROM raw_files"""

UNUSABLE = """
SELECT source FROM (
    SELECT DISTINCT ON (source) source, arrived, error FROM raw_files ORDER BY source, arrived DESC
) AS newest
WHERE error IS NOT NULL AND arrived > now() - interval '1 day' ORDER BY arrived DESC LIMIT 20"""
"""An alert for each of a thousand files would say no more."""

EXPECTED = "SELECT expected_days FROM facts WHERE expected_days IS NOT NULL"

NEWEST_MODEL = """
SELECT error, baseline_error,
       CASE champion.version
           WHEN models.version THEN error WHEN champion_version THEN champion_error END
FROM models
LEFT JOIN (SELECT version FROM promotions ORDER BY number DESC LIMIT 1) AS champion ON true
ORDER BY created DESC LIMIT 1"""
"""The champion's error is known there if it is the newest model, or was compared with it."""

REFUSED = """
SELECT count(*) FROM models
WHERE verdict = 'refused'
  AND created > coalesce(
      (SELECT max(created) FROM models WHERE verdict = 'promoted'), '-infinity')"""

DRIFT = """
SELECT name, score, threshold,
       (alarm AND measured > least(newest.promotion, now() - interval '1 hour'))::int
FROM drift, (SELECT coalesce(max(time), '-infinity') AS promotion FROM promotions) AS newest
WHERE measured = (SELECT max(measured) FROM drift)"""
"""A model promoted after the measurement has learned from the drift: in an hour the alarm ends."""

LIVE_ERROR = """
SELECT rows, error, at_least, promised, tolerated, estimated
FROM live_error JOIN promotions USING (version) ORDER BY number DESC LIMIT 1"""

FAILED_STEPS = "SELECT name, reason FROM quarantine WHERE kind = 'steps' AND reason <> ''"

SET_ASIDE = """
SELECT kind, sum(count) FROM quarantine
WHERE kind <> 'steps' AND reason <> '' AND time > now() - interval '1 day' GROUP BY kind"""

LEAST_TO_SHOW = 30
"""Fewer answers with an outcome say nothing about the model."""


def stages(rows: Rows) -> Iterator[Metric]:
    """Yield when each step of the pipeline last finished."""
    name = "pipeline_last_success_timestamp_seconds"
    finished = GaugeMetricFamily(name, "When this stage last finished", labels=["stage"])
    for stage, time in rows:
        finished.add_metric([stage], time)
    yield finished


def files(rows: Rows) -> Iterator[Metric]:
    """Yield how many files and rows came in, and with which result."""
    ((read, failed, arrived, accepted, rejected),) = rows
    raw_files = GaugeMetricFamily("raw_files", "Raw files checked", labels=["result"])
    raw_files.add_metric(["read"], read)
    raw_files.add_metric(["failed"], failed)
    yield raw_files
    help_text = "Rows checked against the contract"
    checked = CounterMetricFamily("rows_checked", help_text, labels=["result"])
    checked.add_metric(["accepted"], accepted)
    checked.add_metric(["rejected"], rejected)
    yield checked
    if arrived is not None:
        name = "raw_newest_file_timestamp_seconds"
        yield GaugeMetricFamily(name, "When the newest raw file arrived", arrived)


def unusable(rows: Rows) -> Iterator[Metric]:
    """Yield the files of the last day whose newest version can't be used."""
    files = GaugeMetricFamily(
        "raw_file_unusable", "1 for a file of the last day", labels=["source"]
    )
    for (source,) in rows:
        files.add_metric([source], 1)
    yield files


def expected(rows: Rows) -> Iterator[Metric]:
    """Yield how often model/source.py expects a file, if it says so."""
    for (days,) in rows:
        yield GaugeMetricFamily("raw_expected_days", "Days from one raw file to the next", days)


def newest_model(rows: Rows) -> Iterator[Metric]:
    """Yield the errors of the newest candidate, champion and baseline on the same newest rows."""
    errors = GaugeMetricFamily("model_error", "Error on the newest rows", labels=["kind"])
    for values in rows:
        for kind, error in zip(("candidate", "baseline", "champion"), values, strict=True):
            if error is not None:
                errors.add_metric([kind], error)
    yield errors


def refused(rows: Rows) -> Iterator[Metric]:
    """Yield how many candidates have been refused since the last promotion."""
    ((count,),) = rows
    name = "candidates_refused_in_a_row"
    yield GaugeMetricFamily(name, "Candidates refused since the last promotion", count)


def drift(rows: Rows) -> Iterator[Metric]:
    """Yield how far new rows are from those that the champion was trained on."""
    score = GaugeMetricFamily("drift_score", "How far new rows are from the old", labels=["column"])
    threshold = GaugeMetricFamily(
        "drift_threshold", "From which score on it is notable", labels=["column"]
    )
    alarm = GaugeMetricFamily(
        "drift_alarm", "1 if it is notable and beyond chance", labels=["column"]
    )
    for column, *values in rows:
        for metric, value in zip((score, threshold, alarm), values, strict=True):
            metric.add_metric([column], value)
    yield from (score, threshold, alarm)


def live_error(rows: Rows) -> Iterator[Metric]:
    """Yield the live error as processing/answers/alarm.py measured it, and what the card promised.

    An alert fires when `at_least` is above `tolerated`.
    """
    errors = GaugeMetricFamily(
        "live_error", "Mean error of the champion's answers", labels=["kind"]
    )
    for count, live, at_least, promised, tolerated, estimated in rows:
        if estimated is not None:
            errors.add_metric(["estimated"], estimated)
        errors.add_metric(["promised"], promised)
        errors.add_metric(["tolerated"], tolerated)
        if count >= LEAST_TO_SHOW:
            errors.add_metric(["live"], live)
            errors.add_metric(["at_least"], at_least)
    yield errors


def failed_steps(rows: Rows) -> Iterator[Metric]:
    """Yield each step of the pipeline that failed when it was last tried."""
    failed = GaugeMetricFamily("step_failed", "1 for a step that failed", labels=["step", "reason"])
    for step, reason in rows:
        failed.add_metric([step, reason], 1)
    yield failed


def set_aside(rows: Rows) -> Iterator[Metric]:
    """Yield how many inputs of each kind were set aside within the last day."""
    counts = GaugeMetricFamily("set_aside", "Inputs set aside within a day", labels=["kind"])
    for kind, count in rows:
        counts.add_metric([kind], count)
    yield counts


QUERIES: tuple[tuple[str, Callable[[Rows], Iterator[Metric]]], ...] = (
    (STAGES, stages),
    (FILES, files),
    (UNUSABLE, unusable),
    (EXPECTED, expected),
    (NEWEST_MODEL, newest_model),
    (REFUSED, refused),
    (DRIFT, drift),
    (LIVE_ERROR, live_error),
    (FAILED_STEPS, failed_steps),
    (SET_ASIDE, set_aside),
)


class Summaries(Collector):
    """Asks the database at each scrape. A database that is away is a metric, not a failure."""

    def __init__(self, url: str):
        self.url = url

    def describe(self) -> Iterable[Metric]:
        """Return nothing: what there is depends on the tables."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield every metric, and first whether the tables could be read."""
        try:
            metrics = self.read()
        except psycopg2.Error as error:
            log.warning("The summaries can't be read: %s", str(error).strip())
            metrics = []
        yield GaugeMetricFamily(
            "summaries_up", "1 if the summary tables can be read", bool(metrics)
        )
        yield from metrics

    def read(self) -> list[Metric]:
        """Return what the tables say. Raises psycopg2.Error."""
        connection = psycopg2.connect(self.url, connect_timeout=3, options=PATIENCE)
        try:
            with connection.cursor() as cursor:
                return [
                    metric
                    for sql, to_metrics in QUERIES
                    for metric in to_metrics(fetch(cursor, sql))
                ]
        finally:
            connection.close()


def fetch(cursor: Cursor, sql: str) -> Rows:
    """Return the rows of a query."""
    cursor.execute(sql)
    return cursor.fetchall()


def main() -> None:
    """Serve the metrics on the addresses in LISTEN, until the process ends."""
    logs.set_up()
    registry = CollectorRegistry()
    registry.register(Summaries(settings().summaries_url.get_secret_value()))
    expected = Gauge("part_expected", "1 if an optional part is on", ["part"], registry=registry)
    for part in filter(None, os.environ.get("COMPOSE_PROFILES", "").split(",")):
        expected.labels(part).set(1)
    for address in os.environ.get("LISTEN", "127.0.0.1").split():
        start_http_server(PORT, addr=address, registry=registry)
    threading.Event().wait()


if __name__ == "__main__":
    main()
