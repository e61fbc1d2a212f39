"""A platform that is lost comes back from its backup on an empty machine, and goes on."""

import json
import os
import re
import time
from contextlib import contextmanager

from conftest import bake
from minio import Minio
from running import FLIGHT, Stack, run, started, until

MEGABYTES = int(os.environ.get("BACKUP_MEGABYTES", "20"))
"""How much storage holds beside the example's data; the promise is about 1,000."""

RESTORED = 300
"""Promised seconds for that, once images are there."""

BALLAST = """
import os
from core.storage import bucket
for number in range({megabytes}):
    bucket("processed").put(f"ballast/{{number:05}}", os.urandom(2**20))
"""
OBJECTS = """
import json
from core.storage import bucket, listed
print(json.dumps({
    f"{name}/{item['path']}": item["e_tag"]
    for name in ("raw", "models", "processed")
    for item in listed(bucket(name), "")
}))
"""
IDS = """
import json
from core.storage import bucket
from processing.answers.merging import GIVEN, lines
print(json.dumps([json.loads(line)["id"] for line in lines(bucket("predictions"), GIVEN, "")]))
"""
FOR_EVER = re.compile(r"raw/|models/|processed/(files|rows|runs|ballast)/")
"""What nothing changes or deletes in the minutes of this test."""


def succeeded(stack: Stack, *words: str) -> str:
    """Run a command of the project's Makefile that must succeed, and return what it says."""
    done = stack.make(*words)
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


def objects(stack: Stack) -> dict[str, str]:
    """Return the ETag of each object that is never changed."""
    found = json.loads(stack.inside("processing", OBJECTS))
    return {name: etag for name, etag in found.items() if FOR_EVER.match(name)}


def champion(stack: Stack, key: str) -> str:
    with stack.api(key) as api:
        return api.get("/v1/model").raise_for_status().json()["version"]


def ask(stack: Stack, key: str) -> str:
    """Ask the model, and return the id of its answer."""
    with stack.api(key) as api:
        return api.post("/v1/predict", json=FLIGHT).raise_for_status().json()["id"]


def ids(stack: Stack, acknowledged: list[str]) -> list[str]:
    """Return the id of each stored answer, or nothing until all of these are among them."""
    found = json.loads(stack.inside("processing", IDS))
    return found if set(acknowledged) <= set(found) else []


def runs(stack: Stack, *statuses: str) -> set[str]:
    """Return the runs of the orchestrator in these states, or in any."""
    states = ", ".join(f"'{status}'" for status in statuses)
    which = f"WHERE status IN ({states})" if statuses else ""
    return {run for (run,) in stack.sql(f"SELECT run_id FROM runs {which}", "dagster")}


def is_quiet(stack: Stack) -> bool:
    return not runs(stack, "QUEUED", "STARTING", "STARTED")


@contextmanager
def empty_machine(folder, lost: Stack):
    """Yield a freshly stamped project, in whose folder nobody has started anything."""
    slug = f"slipway-found-{os.getpid()}"
    found = Stack(bake(folder / "found", f"project_slug={slug}"), lost.settings)
    try:
        yield found
    finally:
        log = found.compose("logs", "--no-color", check=False).stdout
        print(log[-5000:])
        found.compose("--profile", "*", "down", "--volumes", "--rmi", "local", check=False)
        run("docker", "image", "rm", f"{slug}-backup")


def test_a_lost_platform_comes_back_on_an_empty_machine(tmp_path):
    repository = tmp_path / "disk"
    for folder in (repository, tmp_path / "lost", tmp_path / "found"):
        folder.mkdir()
    place = {"BACKUP_REPOSITORY": repository, "BACKUP_FOLDER": repository}
    with started(tmp_path / "lost", "backup", **place) as lost:
        lost.inside("processing", BALLAST.format(megabytes=MEGABYTES))
        key = re.search(r"slipway_\w+", succeeded(lost, "key", "NAME=shop"))[0]
        secret = lost.storage_key("reports", "predictions:read")
        write = "open('/notebooks/mine.ipynb', 'w').write('{}')"
        lost.inside("jupyterlab", write)
        (lost.project / "model" / "notes.md").write_text("ours\n")
        until(lambda: is_quiet(lost), 180, "the end of the first runs")
        acknowledged = [ask(lost, key) for _ in range(20)]
        known = runs(lost, "SUCCESS")
        succeeded(lost, "backup")
        kept, version = objects(lost), champion(lost, key)
        print(succeeded(lost, "backup-test"))
        lost.compose("--profile", "*", "down", "--volumes", "--remove-orphans")
        needed = ("BACKUP_REPOSITORY", "BACKUP_PASSWORD")
        given = [f"{name}={lost.settings[name]}" for name in needed]
        with empty_machine(tmp_path, lost) as found:
            begun = time.monotonic()
            succeeded(found, "restore", *given)
            seconds = time.monotonic() - begun
            print(f"{MEGABYTES} MB: restored and answering after {seconds:.0f} s")
            assert seconds < 3 * RESTORED
            assert objects(found).items() >= kept.items()
            assert champion(found, key) == version
            stored = until(lambda: ids(found, acknowledged), 60, "every answer in storage")
            assert len(stored) == len(set(stored))
            assert runs(found) >= known
            read = "print(open('/notebooks/mine.ipynb').read())"
            assert found.inside("jupyterlab", read) == "{}\n"
            assert (found.project / "model" / "notes.md").read_text() == "ours\n"
            storage = Minio(
                endpoint=f"127.0.0.1:{lost.settings['STORAGE_PORT']}",
                access_key="reports",
                secret_key=secret,
                secure=False,
                region="us-east-1",
            )
            assert [*storage.list_objects(bucket_name="predictions")]
            until(lambda: is_quiet(found), 180, "no run that nobody executes")
            assert objects(found).keys() == kept.keys(), "nothing was done again"
            refused = found.make("restore", *given)
            assert refused.returncode and "already" in refused.stdout
            assert champion(found, key) == version
