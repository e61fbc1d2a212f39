"""The project accepts itself: its lint and its own tests, as it is generated and where it lies in the template."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import UNBAKED, bake


def passes(python: Path | str, *words: str, folder: Path) -> str:
    """What a command says, once it has ended well."""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [python, "-m", *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def own(tmp_path_factory) -> tuple[Path, Path]:
    """A project, and the Python of its own environment."""
    project = bake(tmp_path_factory.mktemp("project") / "here")
    passes(sys.executable, "ops.virtualenv", folder=project)
    return project, project / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


@pytest.mark.parametrize("place", ["generated", "where it lies"])
def test_the_project_is_clean_and_passes_its_own_tests(own, place):
    project, python = own
    folder = project if place == "generated" else UNBAKED
    passes(python, "ruff", "check", "--no-cache", ".", folder=folder)
    passes(python, "ruff", "format", "--check", "--no-cache", ".", folder=folder)
    said = passes(python, "pytest", "-q", folder=folder)
    assert re.search(r"\d+ passed", said) and "failed" not in said


def test_the_environment_is_made_once(own):
    project, _ = own
    assert passes(sys.executable, "ops.virtualenv", folder=project) == ""


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
