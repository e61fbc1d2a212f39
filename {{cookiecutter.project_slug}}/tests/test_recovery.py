"""Killed at any moment, the pipeline resumes: the next run makes what an undisturbed one does."""

import io
import json
import random
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import dagster as dg
import polars as pl
import pytest

from core import inference, registry
from core.layout import HOURS_JOINED
from core.settings import PROJECT
from core.storage import names, read
from processing import dead_runs
from processing.definitions import answers, definitions, pipeline
from processing.summaries import live_answers

PROGRAM = """
from processing.run import run
from processing.way import STEPS
del STEPS["raw"]
print("ready", flush=True)
input()
run()
"""
"""The pipeline on the raw files that are there, once it gets a line: starting takes no part."""

MADE = ("processed", "models", "predictions")
KILLS = 5


class Run(subprocess.Popen):
    """Run the pipeline in a process of its own, which is ready to go."""

    def __init__(self):
        pipes = {
            "stdin": subprocess.PIPE,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.STDOUT,
            "text": True,
        }
        super().__init__([sys.executable, "-c", PROGRAM], cwd=PROJECT, **pipes)
        assert self.stdout.readline() == "ready\n"

    def go(self) -> None:
        self.stdin.write("\n")
        self.stdin.flush()

    def end(self) -> str:
        said = self.communicate()[0]
        assert self.returncode == 0, said
        return said

    def killed_after(self, seconds: float) -> bool:
        """Kill it after some seconds, and return whether it was still at work."""
        try:
            self.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        self.communicate()
        return self.returncode != 0


@pytest.fixture
def raw(storage, sample):
    """Hand over three files, one of them with rows that are known already."""
    rows = sample.sample(min(600, len(sample)), seed=1)
    for number, some in enumerate((rows[:300], rows[200:500], rows[500:])):
        storage("raw").put(f"{number}.csv", some.write_csv().encode())
    return storage


def test_killed_at_random_moments_it_makes_what_an_undisturbed_run_makes(raw, tmp_path):
    run, started = Run(), time.monotonic()
    run.go()
    run.end()
    needed = time.monotonic() - started
    undisturbed = made(raw)
    for name in MADE:
        shutil.rmtree(tmp_path / "data" / name)
    moments = random.Random(4)
    killed = 0
    for _ in range(KILLS):
        run = Run()
        run.go()
        killed += run.killed_after(moments.uniform(0, needed / 2))
        made(raw)  # whatever there is can be read
    run = Run()
    run.go()
    run.end()
    assert killed >= KILLS / 2
    assert made(raw) == undisturbed
    (promotion,) = registry.promotions(raw("models"))
    assert inference.load(raw("models"), promotion.version)


def made(storage) -> dict:
    """Return every object that a run made, without what differs from run to run."""
    return {
        (name, path): content(path, read(storage(name), path))
        for name in MADE
        for path in names(storage(name))
        if not path.startswith(HOURS_JOINED)  # named for the hour of the run
    }


def content(path: str, data: bytes):
    if path.endswith(".parquet"):
        return pl.read_parquet(io.BytesIO(data)).rows()
    if path.endswith(".json"):
        return json.loads(data).keys()
    return len(data)


def test_two_runs_at_once_promote_one_champion(raw):
    runs = [Run(), Run()]
    for run in runs:
        run.go()
    said = [run.communicate()[0] for run in runs]
    (promotion,) = registry.promotions(raw("models"))
    assert inference.load(raw("models"), promotion.version)
    assert 0 in [run.returncode for run in runs]
    losers = [text for run, text in zip(runs, said, strict=True) if run.returncode]
    assert all(
        "Another run made promotion 1 first" in text and "Traceback" not in text for text in losers
    ), said


def test_of_many_that_promote_at_once_one_wins_and_the_others_say_why(raw):
    models = raw("models")
    registry.publish(models, "one", b"", {"version": "one"})

    def promote(number: int) -> str:
        try:
            return registry.promote(models, "one", f"run {number}", after=None).reason
        except registry.PromotionLost as lost:
            return str(lost)

    with ThreadPoolExecutor(8) as threads:
        said = sorted(threads.map(promote, range(8)))
    assert said[:7] == ["Another run made promotion 1 first; one was not promoted."] * 7
    assert [promotion.reason for promotion in registry.promotions(models)] == [said[7]]


def test_a_run_whose_process_is_gone_is_ended_and_one_that_lives_is_not(monkeypatch):
    monkeypatch.setattr(dead_runs, "GRACE", timedelta(seconds=-5))
    with dg.DagsterInstance.ephemeral() as instance:
        ids = [
            instance.create_run_for_job(pipeline_job(), status=status).run_id
            for status in dead_runs.ACTIVE
        ]
        with dead_runs.multiprocessing.get_context("spawn").Pool(1):
            assert dead_runs.report_dead_runs(instance) == []
        assert sorted(dead_runs.report_dead_runs(instance)) == sorted(ids)
        assert {instance.get_run_by_id(run_id).status for run_id in ids} == {
            dg.DagsterRunStatus.FAILURE
        }
        assert dead_runs.report_dead_runs(instance) == []


def test_answers_are_counted_again_until_a_run_has_succeeded(monkeypatch):
    monkeypatch.setattr(live_answers, "newest_object", lambda: datetime(2020, 1, 1, tzinfo=UTC))
    job, sensor = (
        definitions.resolve_job_def(answers.name),
        definitions.get_sensor_def("new_answers"),
    )
    with dg.DagsterInstance.ephemeral() as instance:

        def asked() -> list[dict]:
            with dg.build_sensor_context(instance=instance, definitions=definitions) as context:
                return [request.tags for request in sensor.evaluate_tick(context).run_requests]

        (tags,) = asked()
        instance.create_run_for_job(job, status=dg.DagsterRunStatus.FAILURE, tags=tags)
        assert len(asked()) == 1
        instance.create_run_for_job(job, status=dg.DagsterRunStatus.SUCCESS, tags=tags)
        assert asked() == []


def pipeline_job() -> dg.JobDefinition:
    return definitions.resolve_job_def(pipeline.name)
