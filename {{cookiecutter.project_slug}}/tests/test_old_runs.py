"""Of the orchestrator's runs the old ones go, those that go on stay, and so do the young."""

from datetime import timedelta

import dagster as dg
import pytest

from processing import old_runs
from processing.definitions import definitions


@pytest.fixture
def instance(tmp_path):
    """Hold two runs of each job that ended, and one that has not begun."""
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        for job in old_runs.KEPT:
            for status in ("SUCCESS", "FAILURE", "NOT_STARTED"):
                instance.create_run_for_job(
                    definitions.get_job_def(job), status=dg.DagsterRunStatus[status]
                )
        yield instance


def test_runs_that_ended_long_ago_are_deleted_and_no_others(instance, monkeypatch):
    assert set(old_runs.delete_old_runs(instance).values()) == {0}
    monkeypatch.setitem(old_runs.KEPT, "answers", timedelta(seconds=-60))
    monkeypatch.setattr(old_runs, "AT_A_TIME", 1)
    assert old_runs.delete_old_runs(instance) == dict.fromkeys(old_runs.KEPT, 0) | {"answers": 2}
    left = [run.status.value for run in instance.get_runs(dg.RunsFilter(job_name="answers"))]
    assert left == ["NOT_STARTED"]
    assert len(instance.get_runs(dg.RunsFilter(job_name="pipeline"))) == 3


def test_every_job_has_an_age_and_one_deletes_runs_each_day():
    repository = definitions.get_repository_def()
    jobs = {job.name for job in repository.get_all_jobs() if not job.name.startswith("__")}
    assert jobs == old_runs.KEPT.keys()
    schedules = {one.name: one for one in repository.schedule_defs}
    assert schedules["housekeeping"].default_status == dg.DefaultScheduleStatus.RUNNING
