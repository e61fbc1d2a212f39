"""The project accepts itself: what its `make test` does ends well, generated and where it lies."""

import re
import sys
from pathlib import Path

import pytest
from conftest import ROOT, UNBAKED, bake_with_environment, python_of, run_module

TAKES_LONG = True

DEPENDING_ON_THE_PLACE = [
    f"tests/test_{name}.py" for name in ("notebook", "ops", "prediction_process", "rooms")
]
"""A project's files are the same wherever it lies, byte for byte; its folder is another."""


@pytest.fixture(scope="module")
def own(tmp_path_factory, environment) -> Path:
    """Return a project with an environment."""
    return bake_with_environment(tmp_path_factory.mktemp("project") / "here", environment)


def commands_of_make_test(python: Path) -> list[list[str]]:
    """Return the modules that `make test` runs by this Python, each with its words."""
    makefile = (UNBAKED / "Makefile").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"^test:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    lines = re.findall(r"^\t@\$\(LOCAL\) -m (.*?)(?:  #.*)?$", recipe, re.MULTILINE)
    assert len(lines) == recipe.count("\n") - 1, "the first line makes the environment"
    return [line.replace("$(LOCAL)", str(python)).split() for line in lines]


def test_a_generated_project_passes_its_own_tests(own, monkeypatch):
    monkeypatch.setenv("RUFF_NO_CACHE", "true")
    commands = commands_of_make_test(python_of(own))
    assert {"pytest", "ruff", "pyrefly"} <= {module for module, *_ in commands}
    for command in commands:
        output = run_module(python_of(own), *command, folder=own)
        assert command[0] != "pytest" or re.search(r"\d+ passed", output), output


def test_the_project_is_clean_and_runs_where_it_lies(own, monkeypatch):
    monkeypatch.setenv("RUFF_NO_CACHE", "true")
    for command in commands_of_make_test(python_of(own)):
        if command[0] != "pytest":
            run_module(python_of(own), *command, folder=UNBAKED)
    # In a project nothing judges the style of model/; the example that comes with it has some.
    models = ("model", "tests/table/model")
    run_module(python_of(own), "ruff", "check", *models, "--no-cache", folder=UNBAKED)
    run_module(python_of(own), "ruff", "format", "--check", *models, folder=UNBAKED)
    run_module(python_of(own), "pytest", "-q", "acceptance", folder=UNBAKED)
    run_module(python_of(own), "pytest", "-q", *DEPENDING_ON_THE_PLACE, folder=UNBAKED)


def test_the_example_reads_each_time_or_calls_it_missing(own):
    words = ("-q", "--rootdir=.", "-c", "pyproject.toml", str(ROOT / "tests" / "example_model.py"))
    assert " passed" in run_module(python_of(own), "pytest", *words, folder=own)


def test_the_tests_own_table_says_all_that_model_says_of_retraining():
    own = UNBAKED / "tests" / "table" / "model" / "retraining.py"
    assert own.read_bytes() == (UNBAKED / "model" / "retraining.py").read_bytes()


def test_the_environment_is_made_once(own):
    assert run_module(sys.executable, "ops.virtualenv", folder=own) == ""


def test_make_alone_lists_every_command(project):
    makefile = (project / "Makefile").read_text(encoding="utf-8")
    targets = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())
    assert targets == set(re.findall(r"^([a-z-]+):.*## .+$", makefile, re.MULTILINE))
    modules = re.findall(r"\$\(OPS\)(\w+)", makefile)
    assert (
        modules
        and [name for name in modules if not (project / "ops" / f"{name}.py").is_file()] == []
    )


def test_the_readme_begins_with_commands_that_exist(project):
    readme = (project / "README.md").read_text(encoding="utf-8")
    commands = set(re.findall(r"(?:^|`)make ([a-z-]+)", readme, re.MULTILINE))
    makefile = (project / "Makefile").read_text(encoding="utf-8")
    assert "make up" in "\n".join(readme.splitlines()[:15])
    assert {
        name for name in commands if not re.search(rf"^{name}:", makefile, re.MULTILINE)
    } == set()
