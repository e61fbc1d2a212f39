"""A platform that is lost comes back from its backup, as it was at most a quarter of an hour before."""

import json
import os
import re
import shutil
import time

import pytest
from conftest import bake
from running import FLIGHT, Stack, free_ports, run, set_variables, started, until

MEGABYTES = int(os.environ.get("BACKUP_MEGABYTES", "20"))
"""How much raw data the platform has beside the example's; the promise is about 1,000."""

FIVE_MINUTES = 300
BALLAST = """
import os
from core.storage import bucket
for number in range({pieces}):
    bucket("raw").put(f"ballast/{{number:05}}.bin", os.urandom(2**20))
"""
OBJECTS = """
import json
from core.storage import bucket, listed
from core.answers import *
found = {{}}
for name in ("raw", "models", "predictions", "processed"):
    for item in listed(bucket(name), ""):
        found[f"{{name}}/{{item['path']}}"] = item["e_tag"]
print(json.dumps(found))
"""
IDS = """
import json
from core.storage import bucket
from processing.answers.merging import GIVEN, lines
print(json.dumps([json.loads(line)["id"] for line in lines(bucket("predictions"), GIVEN, "")]))
"""
FOR_EVER = re.compile(r"raw/|models/|processed/(files|rows|runs)/")
"""What is never changed or deleted in the minutes of this test."""


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """Return an empty folder, as that of another disk."""
    return tmp_path_factory.mktemp("repository")


def objects(stack: Stack) -> dict[str, str]:
    """Return the ETag of each object that is never changed."""
    found = json.loads(stack.inside("processing", OBJECTS.format()))
    return {name: etag for name, etag in found.items() if FOR_EVER.match(name)}


def ask(stack: Stack, key: str | None = None) -> str:
    """Ask the model, and return the id of its answer."""
    with stack.api(key) as api:
        return api.post("/v1/predict", json=FLIGHT).raise_for_status().json()["id"]


def succeeded(stack: Stack, *words: str) -> str:
    done = stack.make(*words)
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


def unfinished_runs(stack: Stack) -> list:
    return stack.sql("SELECT run_id FROM runs WHERE status IN ('STARTING', 'STARTED')", "dagster")


def test_a_lost_platform_comes_back_in_an_empty_folder(tmp_path, repository):
    with started(tmp_path / "lost", "backup", BACKUP_REPOSITORY=repository) as lost:
        succeeded(lost, "env")
        lost.compose("up", "--detach", "--wait")
        lost.inside("processing", BALLAST.format(pieces=MEGABYTES))
        until(lambda: not unfinished_runs(lost), 180, "quiet")
        made = succeeded(lost, "key", "NAME=shop")
        key = re.search(r"slip\w*_\S+|\b\w+_[A-Za-z0-9]{20,}\S*", made)[0]
        secret = lost.storage_key("reports", "predictions:read")
        lost.compose("exec", "-T", "jupyterlab", "sh", "-c", "echo '{}' > /notebooks/mine.ipynb")
        (lost.project / "model" / "note.md").write_text("ours\n")
        acknowledged = [ask(lost, key) for _ in range(20)]
        begun = time.monotonic()
        succeeded(lost, "backup")
        lost.seconds["copied"] = time.monotonic() - begun
        print(succeeded(lost, "backup-test"))
        before, promoted = objects(lost), lost.api().get("/v1/model").json()["version"]
        password = lost.settings["BACKUP_PASSWORD"]
        lost.compose("--profile", "*", "down", "--volumes", "--remove-orphans")
        compare(tmp_path, repository, password, lost, key, secret, acknowledged, before, promoted)


def compare(folder, repository, password, lost, key, secret, acknowledged, before, promoted):
    """Restore in another folder that knows nothing but the address and the password."""
    moved = lost.project.rename(lost.project.with_name("gone"))
    project = bake(folder / "found", "project_slug=slipway-found")
    place = (f"BACKUP_REPOSITORY={repository}", f"BACKUP_PASSWORD={password}")
    begun = time.monotonic()
    found = Stack(project, lost.settings)
    try:
        succeeded(found, "restore", *place)
        print(
            f"copied in {lost.seconds['copied']:.0f} s, "
            f"restored and answering in {time.monotonic() - begun:.0f} s"
        )
        assert time.monotonic() - begun < 3 * FIVE_MINUTES
        assert objects(found).items() >= before.items()
        assert found.api(key).get("/v1/model").json()["version"] == promoted
        ids = until(lambda: stored(found, acknowledged), 60, "every answer in storage")
        assert len(ids) == len(set(ids))
        assert (project / "model" / "note.md").read_text() == "ours\n"
        note = found.compose("exec", "-T", "jupyterlab", "cat", "/notebooks/mine.ipynb")
        assert note.stdout.strip() == "{}"
        assert unfinished_runs(found) == [] or until(
            lambda: not unfinished_runs(found), 180, "no run that nobody executes"
        )
        refused = found.make("restore", *place)
        assert refused.returncode and "already" in refused.stdout
        assert found.api(key).get("/v1/model").json()["version"] == promoted
    finally:
        found.compose("--profile", "*", "down", "--volumes", "--rmi", "local", check=False)
        shutil.rmtree(project)
        moved.rename(lost.project)


def stored(stack: Stack, acknowledged: list[str]) -> list[str]:
    """Return the id of every answer in storage, if those that were acknowledged are among them."""
    ids = json.loads(stack.inside("processing", IDS))
    return ids if set(acknowledged) <= set(ids) else []
