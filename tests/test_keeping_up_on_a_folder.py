"""Without Docker the model keeps itself up to date too, by `make local` and files in a folder."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import bake_with_environment, edit, python_of
from running import MONTH, until

TAKES_LONG = True

pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="It is ended as Ctrl-C in a terminal does it."
)

DEADLINE = 180


@pytest.fixture(scope="module")
def project(tmp_path_factory, environment) -> Path:
    """Return a project whose owner waits for no cool-down and looks for files every second."""
    project = bake_with_environment(tmp_path_factory.mktemp("folder") / "here", environment)
    edit(
        project / "model/retraining.py", "cool_down=timedelta(minutes=1)", "cool_down=timedelta(0)"
    )
    edit(project / "processing/run.py", "INTERVAL = 10\n", "INTERVAL = 1\n")
    return project


@pytest.fixture(scope="module")
def local(project):
    """Start `make local`, return the file with its output, and end it as Ctrl-C does."""
    log = project / "local.log"
    with log.open("w") as output:
        command = [sys.executable, "-m", "ops.local"]
        process = subprocess.Popen(
            command, cwd=project, stdout=output, stderr=output, start_new_session=True
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
    """Hand over a month of flights, and return the verdicts that its file led to."""

    def bring(month: str, air_time: str = "minutes") -> dict:
        program = MONTH.format(month=month, air_time=air_time)
        flights = subprocess.check_output([python_of(project), "-c", program], cwd=project)
        (project / f"{month}.csv").write_bytes(flights)
        runs, judged = finished_runs(local), verdicts(project)
        make(project, "add", f"FILE={month}.csv")
        until(lambda: finished_runs(local) > runs, DEADLINE, "the file leads to a run")
        return {
            version: verdict
            for version, verdict in verdicts(project).items()
            if version not in judged
        }

    return bring


def make(project: Path, *words: str) -> None:
    """Run a command of the project's Makefile, which must end whatever Docker does."""
    subprocess.run(["make", *words], cwd=project, check=True, timeout=DEADLINE)


def finished_runs(log: Path) -> int:
    """Count the runs that have come to their end."""
    return len(re.findall(r"^  summaries ", log.read_text(), re.MULTILINE))


def verdicts(project: Path) -> dict[str, dict]:
    files = (project / "data" / "models" / "verdicts").glob("*.json")
    return {file.stem: json.loads(file.read_text()) for file in files}


def answering(project: Path, local: Path) -> str:
    """Return the version that answers the example question."""
    port = re.search(r"answers at http://localhost:(\d+)", local.read_text())[1]
    code = f"from ops import ask; ask.ask({port})"
    answer = subprocess.check_output([sys.executable, "-c", code], cwd=project, encoding="utf-8")
    return re.search(r"\(model (\S+)\)", answer)[1]


def test_the_whole_loop_goes_round_on_a_folder(project, local, bring):
    first = answering(project, local)
    ((april, verdict),) = bring("2013-04").items()
    assert verdict["verdict"] == "promoted" and verdict["champion"] == first, verdict
    until(lambda: answering(project, local) == april, DEADLINE, "the API answers with it")

    ((shifted, verdict),) = bring("2013-05", "minutes * 4 / 3").items()
    drift = json.loads((project / "data" / "processed" / "drift.json").read_text())
    drifted = {column["name"] for column in drift["columns"] if column["alarm"]}
    assert {"error", "calibration", "outcome air_time"} <= drifted
    assert not [name for name in drifted if name.startswith("feature")]
    assert verdict["verdict"] == "promoted" and verdict["champion_error"] > 2 * error(
        project, shifted
    ), verdict
    until(lambda: answering(project, local) == shifted, DEADLINE, "the API answers with it")

    ((_, verdict),) = bring("2013-06", "minutes.shuffle(seed=0)").items()
    assert verdict["verdict"] == "refused" and "baseline" in verdict["reason"], verdict
    assert bring("2013-07", "minutes * 100") == {}
    files = (project / "data" / "processed" / "files").glob("*.json")
    reports = [json.loads(file.read_text()) for file in files]
    (report,) = [report for report in reports if "2013-07" in report["source"]]
    assert report["reasons"] == {"air_time: above 1200 minutes": report["rows_rejected"]}
    assert report["rows_rejected"] > 20_000
    assert answering(project, local) == shifted

    make(project, "rollback")
    until(lambda: answering(project, local) == april, DEADLINE, "the API answers with it")


def error(project: Path, version: str) -> float:
    card = project / "data" / "models" / "versions" / version / "card.json"
    return json.loads(card.read_text())["metrics"]["mean_absolute_error"]
