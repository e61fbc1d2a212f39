"""Deletes runs of the orchestrator that nobody looks at any more, with all that they logged.

The orchestrator itself keeps them for ever, and one that counts answers runs each minute.
"""

from datetime import UTC, datetime, timedelta

import dagster as dg

from core.retention import ORCHESTRATOR_RUNS

KEPT = {job: timedelta(days=days) for job, days in ORCHESTRATOR_RUNS.items()}
"""How long the runs of each job are kept. What they made stays; storage remembers what was done."""

AT_A_TIME = 500


def delete_old_runs(instance: dg.DagsterInstance) -> dict[str, int]:
    """Delete the runs that ended longer ago than KEPT says. Returns how many, by job."""
    now = datetime.now(UTC)
    return {job: _delete(instance, job, now - age) for job, age in KEPT.items()}


def _delete(instance: dg.DagsterInstance, job: str, before: datetime) -> int:
    ended = [
        dg.DagsterRunStatus.SUCCESS,
        dg.DagsterRunStatus.FAILURE,
        dg.DagsterRunStatus.CANCELED,
    ]
    old = dg.RunsFilter(job_name=job, statuses=ended, updated_before=before)
    count = 0
    while runs := instance.get_runs(old, limit=AT_A_TIME):
        for run in runs:
            instance.delete_run(run.run_id)
        count += len(runs)
    return count
