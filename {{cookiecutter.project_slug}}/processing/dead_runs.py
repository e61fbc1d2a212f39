"""Ends runs whose process was killed.

Dagster's default launcher waits for them for ever: a run goes on until it says otherwise itself,
and the next one waits for it in the queue.
"""

import multiprocessing
from datetime import UTC, datetime, timedelta

import dagster as dg

GRACE = timedelta(seconds=20)
"""A run counts as starting a moment before its process exists."""

ACTIVE = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def report_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Report every active run as failed if no run has a process. Returns their ids.

    Only the code server can tell: runs are its child processes and die with it. It looks for
    children first, so that a run which ends meanwhile is not taken for dead.
    """
    if multiprocessing.active_children():
        return []
    silent = dg.RunsFilter(statuses=ACTIVE, updated_before=datetime.now(UTC) - GRACE)
    dead = instance.get_runs(silent)
    for run in dead:
        instance.report_run_failed(
            run, "The process of this run was killed. The next run finishes its work."
        )
    return [run.run_id for run in dead]
