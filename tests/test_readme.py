"""The worked example in the project's README, done as it stands: from file to answer."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import UNBAKED, bake_with_environment, python_of, run_module

TAKES_LONG = True

README = (UNBAKED / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("### A second table")[2].partition("\n## ")[0]
BLOCKS = dict(re.findall(r"```python\n# ([\w/]+\.py)\n(.*?)```", SECTION, re.DOTALL))


@pytest.fixture(scope="module")
def library(tmp_path_factory, environment) -> Path:
    """Return a project in which a reader has typed what stands there."""
    project = bake_with_environment(tmp_path_factory.mktemp("project") / "here", environment)
    for name, text in BLOCKS.items():
        project.joinpath(name).write_text(text, encoding="utf-8")
    subprocess.run([sys.executable, "loans.py"], cwd=project, check=True)
    return project


def test_the_example_is_whole():
    files = {"schema", "source", "features", "estimator"}
    assert set(BLOCKS) == {"loans.py", *(f"model/{name}.py" for name in files)}


def test_what_the_readme_says_comes_of_it(library):
    said = run_module(python_of(library), "pytest", "-q", "acceptance", folder=library)
    assert promised("make test") in said
    assert promised("make local") in run_module(
        sys.executable, "ops.local", "--once", folder=library
    )


def promised(command: str) -> str:
    """Return what stands behind a command."""
    (said,) = re.findall(rf"^{command} +# (.*?)(?: …)?$", SECTION, re.MULTILINE)
    return said


def test_the_outcomes_that_come_later_complete_their_rows(library):
    run_module(python_of(library), "processing.run", folder=library)
    subprocess.run(["make", "add", "FILE=returns.csv"], cwd=library, check=True)
    run_module(python_of(library), "processing.run", folder=library)
    files = (library / "data" / "processed" / "files").glob("*.json")
    reports = {report["source"]: report for report in map(json.loads, map(Path.read_text, files))}
    added = reports["added/returns.csv"]
    assert (added["rows_accepted"], added["rows_without_outcome"]) == (1000, 0)
    code = "from core.tables import rows; print(len(rows()), rows()['back'].null_count())"
    counts = subprocess.check_output([python_of(library), "-c", code], cwd=library, text=True)
    assert counts.split() == ["3000", "0"]
