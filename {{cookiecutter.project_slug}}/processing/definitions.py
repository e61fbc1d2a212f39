"""The pipeline as Dagster sees it: one asset a step, a sensor that starts it when there is work.

Heavy imports stand inside functions: the code server only holds this page, runs load the rest.
Assets hand each other nothing; every step finds its work in storage, so nothing is pickled.
"""

import logging
import time
from itertools import pairwise

import dagster as dg

from model.schema import ZONE
from model.source import SCHEDULE
from processing.way import STEPS

UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dg.logger
def console(_: dg.InitLoggerContext) -> logging.Logger:
    """Write what a run says as all parts do, and let what its modules log be written so too."""
    from core import logs

    logs.set_up()
    log = logging.getLogger("run")
    log.setLevel(logging.DEBUG)  # Dagster's own events
    return log


LOGGED = {"loggers": {"console": {}}}
"""The configuration of each job: otherwise Dagster writes coloured text of many lines."""


def _asset(name: str, previous: str | None) -> dg.AssetsDefinition:
    @dg.asset(
        name=name,
        description=STEPS[name],
        deps=[previous] if previous else [],
        retry_policy=dg.RetryPolicy(max_retries=2, delay=5),
    )
    def step(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from core.attempt import attempt
        from processing.steps import FUNCTIONS
        from processing.summaries.stages import write_stage
        from processing.summaries.tables import write_quarantine

        if previous is None:
            attempt("stages", lambda: write_stage("begun", context.run_id))
        facts = attempt(name, FUNCTIONS[name])
        if "problem" in facts:
            context.log.error(f"The step {name} failed; the others go on. {facts['problem']}")
        else:
            attempt("stages", lambda: write_stage(name, context.run_id))
        if "problem" in facts or name == LAST:  # that it works again is not in the tables it wrote
            attempt("quarantine", write_quarantine)
        return dg.MaterializeResult(metadata=facts)

    return step


LAST = list(STEPS)[-1]

ASSETS = [_asset(name, previous) for previous, name in pairwise([None, *STEPS]) if name]

pipeline = dg.define_asset_job(
    "pipeline", dg.AssetSelection.all(), config=LOGGED, executor_def=dg.in_process_executor
)


@dg.op
def evaluate_answers(context: dg.OpExecutionContext) -> None:
    """Count answers, join them with their outcomes, and measure the champion's live error."""
    from core.attempt import attempt
    from processing.answers.merging import merge
    from processing.answers.truth import join
    from processing.steps import measure_live_error
    from processing.summaries.live_answers import write_live_answers
    from processing.summaries.live_errors import write_live_errors
    from processing.summaries.pairs import write_pairs
    from processing.summaries.stages import mark_stage
    from processing.summaries.tables import write_quarantine

    context.log.info(f"Joined: {attempt('join', join)}")
    context.log.info(f"Counted: {attempt('live answers', write_live_answers)}")
    context.log.info(f"Errors: {attempt('live errors', write_live_errors)}")
    context.log.info(f"Pairs: {attempt('pairs', write_pairs)}")
    context.log.info(f"Live error: {attempt('live error', measure_live_error)}")
    context.log.info(f"Merged: {attempt('merge', merge)}")
    attempt("quarantine", write_quarantine)
    mark_stage("answers")


@dg.job(config=LOGGED, executor_def=dg.in_process_executor)
def answers():
    """Bring the tables of answers and their errors up to date."""
    evaluate_answers()


@dg.op
def restore_previous_champion(context: dg.OpExecutionContext) -> None:
    """Promote the version that was champion before the current one."""
    from processing.champion import roll_back

    context.log.info(roll_back())


@dg.job(config=LOGGED, executor_def=dg.in_process_executor)
def rollback():
    """Bring the previous champion back within seconds."""
    restore_previous_champion()


@dg.op
def delete_old_runs(context: dg.OpExecutionContext) -> None:
    """Delete the runs that nobody looks at any more; core/retention.py says which."""
    from processing import old_runs

    context.log.info(f"Deleted runs: {old_runs.delete_old_runs(context.instance)}")


@dg.op(retry_policy=dg.RetryPolicy(max_retries=2, delay=60))
def delete_old_objects(context: dg.OpExecutionContext) -> None:
    """Delete what core/retention.py keeps no longer."""
    from processing import retention

    for kind, facts in retention.delete_old().items():
        context.log.info(f"Deleted of {kind}: {facts}")


@dg.job(config=LOGGED, executor_def=dg.in_process_executor)
def housekeeping():
    """Delete what is older than core/retention.py keeps it, runs and objects."""
    delete_old_runs()
    delete_old_objects()


@dg.sensor(job=pipeline, minimum_interval_seconds=10, default_status=dg.DefaultSensorStatus.RUNNING)
def new_data(context: dg.SensorEvaluationContext):
    """Start the pipeline when a raw file or a cause to train has come, one run at a time."""
    from processing.summaries.stages import mark_stage
    from processing.work import work_to_do

    work = work_to_do()
    mark_stage("looked")
    if work is None:
        return dg.SkipReason("Nothing new.")
    unfinished = dg.RunsFilter(job_name=pipeline.name, statuses=UNFINISHED)
    if context.instance.get_runs(unfinished, limit=1):
        return dg.SkipReason("A run is in progress.")
    if not work.is_new and _runs(context.instance, work.name, dg.DagsterRunStatus.SUCCESS):
        return dg.SkipReason(
            "A run has seen this cause to train; it comes up again with the next rows."
        )
    if wait := _pause_after_failures(context.instance, work.name):
        return dg.SkipReason(
            f"The last run from these inputs did not finish; the next one starts in {wait:.0f} s."
        )
    return dg.RunRequest(tags={"inputs": work.name})


def _runs(
    instance: dg.DagsterInstance, work: str, *statuses: dg.DagsterRunStatus
) -> list[dg.RunRecord]:
    of_work = dg.RunsFilter(tags={"inputs": work}, statuses=list(statuses))
    return list(instance.get_run_records(of_work))


def _pause_after_failures(instance: dg.DagsterInstance, work: str) -> float:
    """Return the seconds to wait: half a minute after a failure, doubled by each further one.

    A run that ended well has failed as well if its work is still there: its last step did.
    """
    failures = _runs(instance, work, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS)
    if not failures:
        return 0
    pause = min(30 * 2 ** (len(failures) - 1), 3600)
    ended = failures[0].end_time or time.time()
    return max(0.0, ended + pause - time.time())


@dg.sensor(minimum_interval_seconds=10, default_status=dg.DefaultSensorStatus.RUNNING)
def dead_runs(context: dg.SensorEvaluationContext):
    """End runs whose process was killed, so that the next one can start."""
    from processing.dead_runs import report_dead_runs

    dead = report_dead_runs(context.instance)
    return dg.SkipReason(f"Reported as failed: {', '.join(dead)}." if dead else "No run is dead.")


@dg.run_failure_sensor(monitored_jobs=[pipeline], default_status=dg.DefaultSensorStatus.RUNNING)
def failed_runs(context: dg.RunFailureSensorContext):
    """Mark when a run of the pipeline last failed, for monitoring."""
    from processing.summaries.stages import mark_stage

    mark_stage("failed", run=context.dagster_run.run_id)


@dg.sensor(job=answers, minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
def new_answers(context: dg.SensorEvaluationContext):
    """Evaluate answers once a minute while there are new ones, or new outcomes."""
    from processing.summaries.live_answers import newest_object

    newest = newest_object()
    if newest is None:
        return dg.SkipReason("No answers yet.")
    tags = {"newest": f"{newest:%Y%m%dT%H%M%S.%f}"}
    counted = dg.RunsFilter(tags=tags, statuses=[*UNFINISHED, dg.DagsterRunStatus.SUCCESS])
    if context.instance.get_runs(counted, limit=1):
        return dg.SkipReason("No new answers or outcomes.")
    return dg.RunRequest(tags=tags)


SENSORS = [new_data, dead_runs, failed_runs, new_answers]

SCHEDULES = [
    dg.ScheduleDefinition(
        name=name,
        job=job,
        cron_schedule=when,
        execution_timezone=ZONE,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    for name, job, when in (
        ("fetch", pipeline, SCHEDULE),
        ("housekeeping", housekeeping, "23 3 * * *"),
    )
    if when
]

definitions = dg.Definitions(
    assets=ASSETS,
    jobs=[pipeline, answers, rollback, housekeeping],
    sensors=SENSORS,
    schedules=SCHEDULES,
    loggers={"console": console},
)
