"""The pipeline as Dagster sees it: one asset a step, a sensor that starts it when there is work.

Heavy imports stand inside functions: the code server only holds this page, runs load the rest.
Assets hand each other nothing; every step finds its work in storage, so nothing is pickled.
"""

import time

import dagster as dg

from model.schema import ZONE
from model.source import SCHEDULE

STEPS = {
    "raw": "Raw files, as they came.",
    "rows": "Checked rows by month of the event; rejected rows with their reasons.",
    "features": "What the model sees of each row.",
    "drift": "How far new rows are from those that the champion was trained on.",
    "candidate": "A model trained on the newest window, as ONNX with its card.",
    "champion": "The model that answers: promoted if it beats the one before it.",
    "batch_predictions": "The champion's predictions of the newest month.",
    "summaries": "Tables for people and dashboards.",
}


UNFINISHED = [
    dg.DagsterRunStatus[name]
    for name in ("QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING")
]


def _asset(name: str, description: str, before: str | None) -> dg.AssetsDefinition:
    @dg.asset(
        name=name,
        description=description,
        deps=[before] if before else [],
        retry_policy=dg.RetryPolicy(max_retries=2, delay=5),
    )
    def step(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from processing.steps import STEPS as FUNCTIONS
        from processing.summaries.stages import write_stage

        if before is None:
            write_stage("begun", context.run_id)
        result = FUNCTIONS[name]()
        write_stage(name, context.run_id)
        return dg.MaterializeResult(metadata=result)

    return step


ASSETS = [
    _asset(name, text, before)
    for (name, text), before in zip(STEPS.items(), [None, *STEPS], strict=False)
]

pipeline = dg.define_asset_job(
    "pipeline", dg.AssetSelection.all(), executor_def=dg.in_process_executor
)


@dg.op
def count_live_predictions(context: dg.OpExecutionContext) -> None:
    """Bring the summary tables up to date with answers that were given since, and with outcomes known since."""
    from processing.answers.alarm import measure
    from processing.answers.truth import join
    from processing.summaries.live_answers import write_live
    from processing.summaries.live_errors import write_live_errors

    for act in (write_live, join, write_live_errors, measure):
        context.log.info(f"{act.__name__}: {act()}")


@dg.job(executor_def=dg.in_process_executor)
def live_predictions():
    """Answers given, by hour and weekday, and what they turned out to be wrong by."""
    count_live_predictions()


@dg.op
def bring_back_the_champion_before(context: dg.OpExecutionContext) -> None:
    """Make the version champion again that was it before the current one."""
    from processing.champion import roll_back

    context.log.info(roll_back())


@dg.job(executor_def=dg.in_process_executor)
def rollback():
    """The champion before the current one, back in service within seconds."""
    bring_back_the_champion_before()


@dg.sensor(job=pipeline, minimum_interval_seconds=10, default_status=dg.DefaultSensorStatus.RUNNING)
def new_data(context: dg.SensorEvaluationContext):
    """Start the pipeline when a raw file has come or there is a cause to train, one run at a time."""
    from processing.summaries.stages import mark_stage
    from processing.work import work_to_do

    work, is_new = work_to_do()
    mark_stage("looked")
    if work is None:
        return dg.SkipReason("Nothing new.")
    if context.instance.get_runs(
        dg.RunsFilter(job_name=pipeline.name, statuses=UNFINISHED), limit=1
    ):
        return dg.SkipReason("A run is at it.")
    if not is_new and _runs(context.instance, work, dg.DagsterRunStatus.SUCCESS):
        return dg.SkipReason(
            "A run has looked at this cause to train; it comes up again with the next rows."
        )
    if wait := _pause_after_failures(context.instance, work):
        return dg.SkipReason(
            f"The last run from these inputs failed; the next one starts in {wait:.0f} s."
        )
    return dg.RunRequest(tags={"inputs": work})


def _runs(
    instance: dg.DagsterInstance, work: str, status: dg.DagsterRunStatus
) -> list[dg.RunRecord]:
    return instance.get_run_records(dg.RunsFilter(tags={"inputs": work}, statuses=[status]))


def _pause_after_failures(instance: dg.DagsterInstance, work: str) -> float:
    """Seconds still to wait: half a minute after the first failure, twice that after each further one."""
    failed = _runs(instance, work, dg.DagsterRunStatus.FAILURE)
    if not failed:
        return 0
    pause = min(30 * 2 ** (len(failed) - 1), 3600)
    return max(0, failed[0].end_time + pause - time.time())


@dg.sensor(minimum_interval_seconds=10, default_status=dg.DefaultSensorStatus.RUNNING)
def dead_runs(context: dg.SensorEvaluationContext):
    """End runs whose process was killed, so that the next one can start."""
    from processing.dead_runs import report_dead_runs

    dead = report_dead_runs(context.instance)
    return dg.SkipReason(f"Reported as failed: {', '.join(dead)}." if dead else "No run is dead.")


@dg.sensor(
    job=live_predictions, minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING
)
def new_answers(context: dg.SensorEvaluationContext):
    """Count answers and outcomes once a minute while there are new ones."""
    from processing.summaries.live_answers import newest_object

    newest = newest_object()
    if newest is None:
        return dg.SkipReason("No answers yet.")
    tags = {"newest": f"{newest:%Y%m%dT%H%M%S.%f}"}
    counted = dg.RunsFilter(tags=tags, statuses=[*UNFINISHED, dg.DagsterRunStatus.SUCCESS])
    if context.instance.get_runs(counted, limit=1):
        return dg.SkipReason("No new answers or outcomes.")
    return dg.RunRequest(tags=tags)


SENSORS = [new_data, dead_runs, new_answers]

SCHEDULED = {"execution_timezone": ZONE, "default_status": dg.DefaultScheduleStatus.RUNNING}
SCHEDULES = (
    [dg.ScheduleDefinition("fetch", job=pipeline, cron_schedule=SCHEDULE, **SCHEDULED)]
    if SCHEDULE
    else []
)

definitions = dg.Definitions(
    assets=ASSETS, jobs=[pipeline, live_predictions, rollback], sensors=SENSORS, schedules=SCHEDULES
)
