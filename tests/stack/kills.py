"""Kill parts of a running platform during a run, start them again, and see nothing harmed."""

import json
import random
import time

from running import Stack, run, until

VICTIMS = ("run", "processing", "storage", "database", "processing-daemon")
"""A run's own process alone, or a whole container."""

ROWS = 3_000
LENGTH = 8
"""Seconds that a run takes at least; a kill comes at a random moment of them."""

UNFINISHED = "('NOT_STARTED', 'QUEUED', 'STARTING', 'STARTED', 'CANCELING')"

AT_WORK = "pipeline_name = 'pipeline' AND status IN ('STARTING', 'STARTED')"

KILL_RUNS = """
import os, pathlib
killed = 0
for folder in pathlib.Path("/proc").glob("[0-9]*"):
    try:
        if b"spawn_" b"main" in folder.joinpath("cmdline").read_bytes():  # in two: this is no run
            os.kill(int(folder.name), 9)
            killed += 1
    except (FileNotFoundError, ProcessLookupError):
        pass
print(killed)
"""

ADD = """
from model.source import month_of_flights
from processing.add import add
number = {number}
month = month_of_flights(f"2013-{{4 + number // 8:02}}")
print(add(f"soak-{{number}}.csv", month[number % 8 * {rows} :][:{rows}].write_csv().encode()))
"""

EVERYTHING = """
import io, json
import polars as pl
from core import inference, registry
from core.layout import BUCKETS
from core.storage import bucket, names, read
from core.tables import rows
from processing.rows.raw import raw_files
from processing.work import inputs_digest, is_done

for name in list(BUCKETS)[:4]:
    for path in names(bucket(name)):
        content = read(bucket(name), path)
        if path.endswith(".json"):
            json.loads(content)
        if path.endswith(".parquet"):
            pl.read_parquet(io.BytesIO(content))
models, processed = bucket("models"), bucket("processed")
for version in registry.versions(models):
    inference.load(models, version)
parts = [pl.read_parquet(io.BytesIO(read(processed, name))) for name in names(processed, "rows")]
reports = [json.loads(read(processed, name)) for name in names(processed, "files")]
print(json.dumps({
    "done": is_done(inputs_digest()),
    "files": len(raw_files(bucket("raw"))),
    "reports": len(reports),
    "accepted": sum(report["rows_accepted"] for report in reports),
    "stored": sum(map(len, parts)),
    "rows": len(rows()),
    "promotions": [promotion.number for promotion in registry.promotions(models)],
    "promoted": [promotion.version for promotion in registry.promotions(models)],
}))
"""
"""Reads every object to its end, loads every model, and counts."""


def runs(stack: Stack, condition: str) -> list[str]:
    """Return the ids of the runs that a condition holds for."""
    return [
        run_id for (run_id,) in stack.sql(f"SELECT run_id FROM runs WHERE {condition}", "dagster")
    ]


def kill(stack: Stack, victim: str) -> bool:
    """Kill it, start it again a moment later, and return whether there was something to kill."""
    if victim == "run":
        return int(stack.inside("processing", KILL_RUNS)) > 0
    (container,) = stack.containers()[victim]
    killed = run("docker", "kill", container["Id"])
    time.sleep(random.uniform(0, 3))
    until(
        lambda: run("docker", "start", container["Id"]).returncode == 0,
        30,
        f"{victim} starts again",
    )
    return killed.returncode == 0


def kill_in_a_run(stack: Stack, victim: str, number: int) -> float | None:
    """Hand over a file, kill a part during the run that it starts, and wait for that run's end.

    Return when it was killed, or None if the run was over or its process was not there yet.
    """
    add = ADD.format(number=number, rows=ROWS)
    until(lambda: stack.inside("processing", add), 60, "a file can be handed over")
    hit, *_ = until(lambda: runs(stack, AT_WORK), 150, "a run starts by itself")
    moment = random.uniform(0, LENGTH)
    time.sleep(moment)
    at = time.time()
    if not (killed := hit in runs(stack, AT_WORK) and kill(stack, victim)):
        print(
            f"  {victim:<18} not killed {moment:.1f} s into a run, which had no process then",
            flush=True,
        )
    until(
        lambda: runs(stack, f"run_id = '{hit}' AND status NOT IN {UNFINISHED}"),
        120,
        "that run ends",
    )
    if killed:
        ((status,),) = stack.sql(f"SELECT status FROM runs WHERE run_id = '{hit}'", "dagster")
        end = f"{time.time() - at:.0f} s later that run is said to be a {status}"
        print(f"  {victim:<18} killed {moment:.1f} s into a run; {end}", flush=True)
    return at if killed else None


def seconds_to_success(stack: Stack, at: float) -> float:
    """Return the seconds from a kill to the end of the first run that succeeded after it."""
    success = f"pipeline_name = 'pipeline' AND status = 'SUCCESS' AND end_time > {at}"
    ((end,),) = stack.sql(f"SELECT min(end_time) FROM runs WHERE {success}", "dagster")
    return float(end) - at


def recovered(stack: Stack) -> dict:
    """Return what there is when the last run has come to its end by itself."""

    def state() -> dict | None:
        counts = json.loads(stack.inside("processing", EVERYTHING))
        return counts if counts["done"] and not runs(stack, f"status IN {UNFINISHED}") else None

    return until(state, 300, "all work is done, and no run is said to go on")
