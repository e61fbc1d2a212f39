"""Starts one run of the pipeline through the orchestrator, and follows it to its end."""

import subprocess
import time
import uuid

import dagster as dg

ENDED = (
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
)
STEP_ENDED = {dg.DagsterEventType.STEP_SUCCESS, dg.DagsterEventType.STEP_FAILURE}

WORKSPACE = "/app/processing/dagster_home/workspace.yaml"


def launch() -> str:
    """Queue a run, which starts when no other is in progress. Returns its id."""
    run_id = str(uuid.uuid4())
    command = ["dagster", "job", "launch", "-w", WORKSPACE, "-j", "pipeline", "--run-id", run_id]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"The run could not be queued. {done.stderr.strip()[-500:]}")
    return run_id


def follow(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    """Print each step as it ends, until the run has ended. Returns its status."""
    shown = 0
    while True:
        run = instance.get_run_by_id(run_id)
        if run is None:
            raise SystemExit(f"Somebody has deleted the run {run_id}.")
        events = [entry.dagster_event for entry in instance.all_logs(run_id, of_type=STEP_ENDED)]
        for event in filter(None, events[shown:]):
            print(f"  {event.step_key}: {event.message}", flush=True)
        shown = len(events)
        if run.status in ENDED:
            return run.status
        time.sleep(1)


def main() -> None:
    run_id = launch()
    print(f"Run {run_id[:8]} is queued.", flush=True)
    with dg.DagsterInstance.get() as instance:
        status = follow(instance, run_id)
    if status is not dg.DagsterRunStatus.SUCCESS:
        raise SystemExit(f"The run ended as {status.value}. /pipelines/runs/{run_id} says why.")


if __name__ == "__main__":
    main()
