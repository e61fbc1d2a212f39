"""Other use cases replace four files of `model/` and nothing else.

What the project says of `model/` is green, `make local` answers, and the first notebook runs. The
platform's own tests also pass on those tables that have what they ask for.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, bake_with_environment, edit, python_of, run_module

TAKES_LONG = True
USECASES = sorted(path.parent for path in ROOT.glob("tests/usecases/*/schema.py"))
TABLES = ("breast_cancer", "diabetes", "parcels", "wine")
"""Classes, rows without a key, and rows without a time: what the tests' own table has not."""

PLATFORM = [
    f"tests/test_{name}.py"
    for name in ("pipeline", "gate", "drift", "leaks", "truth", "prediction")
]

NOTEBOOK = "jupyterlab/notebooks/first-look.ipynb"


@pytest.mark.parametrize("usecase", USECASES, ids=lambda usecase: usecase.name)
def test_another_use_case_takes_another_model_folder_and_nothing_else(
    tmp_path, environment, usecase, monkeypatch
):
    project = bake_with_environment(tmp_path / "here", environment)
    python = python_of(project)
    shutil.copytree(usecase, project / "model", dirs_exist_ok=True)
    run_module(python, "ruff", "check", "--no-cache", ".", folder=project)
    assert " passed" in run_module(python, "pytest", "-q", "acceptance", folder=project)
    answer = run_module(sys.executable, "ops.local", "--once", folder=project)
    classes = 'TASK = "classification"' in usecase.joinpath("schema.py").read_text(encoding="utf-8")
    assert ("%" in answer.split("prediction: ")[1]) == classes
    monkeypatch.setenv("PYTHONPATH", str(project))
    words = ["--execute", "--to=notebook", "--output-dir=data", NOTEBOOK]
    run_module(python, "nbconvert", *words, folder=project)
    error = "log loss" if classes else "mean absolute error"
    assert error in (project / "data" / Path(NOTEBOOK).name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TABLES)
def test_the_platform_keeps_its_promises_on_another_table(tmp_path, environment, name):
    project = bake_with_environment(tmp_path / "here", environment)
    shutil.copytree(
        ROOT / "tests/usecases" / name, project / "tests/table/model", dirs_exist_ok=True
    )
    assert " passed" in run_module(python_of(project), "pytest", "-q", *PLATFORM, folder=project)


BOOKINGS_OF_A_YEAR = """
import polars as pl
from datetime import date
from model.source import MONTHS, bookings
table = pl.concat(bookings(month) for month in MONTHS[:12])
told = pl.col("known") <= date(2015, 12, 31)
columns = (pl.when(told).then(name).alias(name) for name in ("is_canceled", "known"))
table.with_columns(*columns).write_csv("data/raw/year.csv")
"""


def test_one_file_that_says_when_outcomes_became_known_teaches_as_their_own_time_would(
    tmp_path, environment
):
    """A dump has all of a year in it: when it arrived says nothing of when a fate was known."""
    project = bake_with_environment(tmp_path / "here", environment)
    python, model = python_of(project), project / "model"
    shutil.copytree(ROOT / "tests/usecases/bookings", model, dirs_exist_ok=True)
    edit(model / "schema.py", "EVENT_TIME =", 'KNOWN_AT = "known"\n\nEVENT_TIME =')
    edit(model / "source.py", "COLUMNS = {", 'COLUMNS = {\n    "known": pl.Date,')
    edit(model / "source.py", "MONTHS[:6]", "MONTHS[:0]")
    (project / "data" / "raw").mkdir(parents=True)
    subprocess.run([python, "-c", BOOKINGS_OF_A_YEAR], cwd=project, check=True)
    assert "prediction: " in run_module(sys.executable, "ops.local", "--once", folder=project)
    (card,) = (project / "data" / "models").rglob("card.json")
    about = json.loads(card.read_text())
    kept, cancelled = (about["outcomes"]["of_groups"][fate] for fate in ("kept", "cancelled"))
    assert cancelled["half"] < 30 < kept["half"] and 90 < kept["ninety"] < 400
    assert about["outcomes"]["horizon"] > 60 and "kept" in about["outcomes"]["warning"]
    assert "known" not in json.dumps(about["example"])
