"""Other use cases replace four files of `model/` and nothing else: the project's own tests pass, `make local` answers,
and the first notebook runs.
"""

import os
import shutil
import sys
from pathlib import Path

import pytest
from conftest import ROOT, bake
from test_project import passes

USECASES = sorted(path.parent for path in ROOT.glob("tests/usecases/*/schema.py"))
OWN_TESTS = [
    f"tests/test_{name}.py" for name in ("model", "pipeline", "gate", "truth", "prediction")
]

NOTEBOOK = "jupyterlab/notebooks/first-look.ipynb"


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A project with an environment of its own."""
    project = bake(tmp_path_factory.mktemp("usecases") / "here")
    passes(sys.executable, "ops.virtualenv", folder=project)
    return project


@pytest.mark.parametrize("usecase", USECASES, ids=lambda usecase: usecase.name)
def test_another_use_case_takes_another_model_folder_and_nothing_else(
    project, usecase, monkeypatch
):
    shutil.copytree(usecase, project / "model", dirs_exist_ok=True)
    shutil.rmtree(project / "data", ignore_errors=True)
    python = project / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    passes(python, "ruff", "check", "--no-cache", ".", folder=project)
    said = passes(python, "pytest", "-q", *OWN_TESTS, folder=project)
    assert " passed" in said and "failed" not in said
    answered = passes(sys.executable, "ops.local", "--once", folder=project)
    classes = 'TASK = "classification"' in usecase.joinpath("schema.py").read_text(encoding="utf-8")
    assert ("%" in answered.split("prediction: ")[1]) == classes
    monkeypatch.setenv("PYTHONPATH", str(project))
    passes(
        python,
        "nbconvert",
        "--execute",
        "--to=notebook",
        "--output-dir=data",
        NOTEBOOK,
        folder=project,
    )
    error = "log loss" if classes else "mean absolute error"
    assert error in (project / "data" / Path(NOTEBOOK).name).read_text(encoding="utf-8")
