"""Other use cases replace four files of `model/` and nothing else.

The project's own tests pass, `make local` answers, and the first notebook runs.
"""

import shutil
import sys
from pathlib import Path

import pytest
from conftest import ROOT, bake_with_environment, python_of, run_module

TAKES_LONG = True
USECASES = sorted(path.parent for path in ROOT.glob("tests/usecases/*/schema.py"))
OWN_TESTS = [
    f"tests/test_{name}.py"
    for name in ("model", "pipeline", "gate", "drift", "leaks", "truth", "prediction")
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
    assert " passed" in run_module(python, "pytest", "-q", *OWN_TESTS, folder=project)
    answer = run_module(sys.executable, "ops.local", "--once", folder=project)
    classes = 'TASK = "classification"' in usecase.joinpath("schema.py").read_text(encoding="utf-8")
    assert ("%" in answer.split("prediction: ")[1]) == classes
    monkeypatch.setenv("PYTHONPATH", str(project))
    words = ["--execute", "--to=notebook", "--output-dir=data", NOTEBOOK]
    run_module(python, "nbconvert", *words, folder=project)
    error = "log loss" if classes else "mean absolute error"
    assert error in (project / "data" / Path(NOTEBOOK).name).read_text(encoding="utf-8")
