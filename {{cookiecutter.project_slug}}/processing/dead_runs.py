"""Runs whose process has died, for which Dagster's default launcher waits for ever: it holds a run for going on
until the run itself says otherwise, and the next one waits for it in the queue.
"""

import multiprocessing
from datetime import UTC, datetime, timedelta

import dagster as dg

GRACE = timedelta(seconds=20)
"""A run is said to be starting a moment before its process exists."""

AT_WORK = [dg.DagsterRunStatus[name] for name in ("STARTING", "STARTED", "CANCELING")]


def report_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Report every run as failed that is said to go on while no run has a process. Returns their ids.

    Only the code server can tell: runs are its child processes and die with it. It looks for children first,
    so that a run which ends meanwhile is not taken for dead.
    """
    if multiprocessing.active_children():
        return []
    silent = dg.RunsFilter(statuses=AT_WORK, updated_before=datetime.now(UTC) - GRACE)
    dead = instance.get_runs(silent)
    for run in dead:
        instance.report_run_failed(
            run, "The process of this run was killed. The next run finishes its work."
        )
    return [run.run_id for run in dead]
