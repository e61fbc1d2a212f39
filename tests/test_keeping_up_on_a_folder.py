"""Without Docker the model keeps itself up to date as well: `make local`, and files that come into a folder."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import bake
from running import MONTH, until
from test_project import passes

pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="It is ended as Ctrl-C in a terminal does it."
)

DEADLINE = 180


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A project whose owner waits for no cool-down."""
    project = bake(tmp_path_factory.mktemp("folder") / "here")
    passes(sys.executable, "ops.virtualenv", folder=project)
    rules = project / "model" / "retraining.py"
    rules.write_text(
        rules.read_text().replace("cool_down=timedelta(minutes=1)", "cool_down=timedelta(0)")
    )
    return project


@pytest.fixture(scope="module")
def local(project):
    """`make local` while it runs: the file with what it says."""
    log = project / "local.log"
    with log.open("w") as said:
        command = [sys.executable, "-m", "ops.local"]
        process = subprocess.Popen(
            command, cwd=project, stdout=said, stderr=said, start_new_session=True
        )
    try:
        until(lambda: "Ctrl-C ends it" in log.read_text(), DEADLINE, "`make local` answers")
        yield log
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait()
    assert "Traceback" not in log.read_text()


@pytest.fixture
def bring(project, local):
    """Hand over a month of flights, and return what was judged after its file was checked."""

    def bring(month: str, air_time: str = "minutes") -> dict:
        python = project / ".venv" / "bin" / "python"
        flights = subprocess.check_output(
            [python, "-c", MONTH.format(month=month, air_time=air_time)], cwd=project
        )
        (project / f"{month}.csv").write_bytes(flights)
        runs, judged = said(local), verdicts(project)
        subprocess.run(["make", "add", f"FILE={month}.csv"], cwd=project, check=True)
        until(lambda: said(local) > runs, DEADLINE, "the file leads to a run")
        return {
            version: verdict
            for version, verdict in verdicts(project).items()
            if version not in judged
        }

    return bring


def said(log: Path) -> int:
    """How many runs have come to their end."""
    return len(re.findall(r"^  summaries ", log.read_text(), re.MULTILINE))


def verdicts(project: Path) -> dict[str, dict]:
    files = (project / "data" / "models" / "verdicts").glob("*.json")
    return {file.stem: json.loads(file.read_text()) for file in files}


def answering(project: Path, local: Path) -> str:
    """The version that answers the example question."""
    port = re.search(r"answers at http://localhost:(\d+)", local.read_text())[1]
    code = f"from ops import ask; ask.ask({port})"
    asked = subprocess.check_output([sys.executable, "-c", code], cwd=project, encoding="utf-8")
    return re.search(r"\(model (\S+)\)", asked)[1]


def test_the_whole_loop_goes_round_on_a_folder(project, local, bring):
    first = answering(project, local)
    ((april, verdict),) = bring("2013-04").items()
    assert verdict["verdict"] == "promoted" and verdict["champion"] == first, verdict
    until(lambda: answering(project, local) == april, DEADLINE, "the API answers with it")

    ((shifted, verdict),) = bring("2013-05", "minutes * 4 / 3").items()
    drift = json.loads((project / "data" / "processed" / "drift.json").read_text())
    assert [column["name"] for column in drift["columns"] if column["alarm"]] == [
        "outcome air_time"
    ]
    assert verdict["verdict"] == "promoted" and verdict["champion_error"] > 2 * error(
        project, shifted
    ), verdict
    until(lambda: answering(project, local) == shifted, DEADLINE, "the API answers with it")

    ((_, verdict),) = bring("2013-06", "minutes.shuffle(seed=0)").items()
    assert verdict["verdict"] == "refused" and "baseline" in verdict["reason"], verdict
    assert bring("2013-07", "minutes * 100") == {}
    reports = (project / "data" / "processed" / "files").glob("*.json")
    (report,) = [
        one for one in map(json.loads, map(Path.read_text, reports)) if "2013-07" in one["source"]
    ]
    assert report["reasons"] == {"air_time: above 1200 minutes": report["rows_rejected"]}
    assert report["rows_rejected"] > 20_000
    assert answering(project, local) == shifted

    subprocess.run(["make", "rollback"], cwd=project, check=True)
    until(lambda: answering(project, local) == april, DEADLINE, "the API answers with it")


def error(project: Path, version: str) -> float:
    card = project / "data" / "models" / "versions" / version / "card.json"
    return json.loads(card.read_text())["metrics"]["mean_absolute_error"]
