"""The notebooks that each JupyterLab starts with; the platform's own test runs them."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import nbformat
import pytest

PROJECT = Path(__file__).parent.parent
NOTEBOOKS = sorted(PROJECT.glob("jupyterlab/notebooks/*.ipynb"))
OURS = ("core", "model")

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def imported(source: str) -> Iterator[str]:
    """Yield the packages that a source imports; its lines `%pip` and `!ls` are no Python."""
    for node in ast.walk(ast.parse(re.sub(r"(?m)^\s*[%!].*$", "", source))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


def missing_from_image(sources: list[str]) -> set[str]:
    """Return the modules that neither Python, the project nor JupyterLab's image has."""
    locked = set(
        re.findall(r"(?m)^([\w.-]+)==", (PROJECT / "jupyterlab" / "requirements.txt").read_text())
    )
    owners = packages_distributions()
    wanted = (
        {name for source in sources for name in imported(source)}
        - set(sys.stdlib_module_names)
        - set(OURS)
    )
    return {
        name
        for name in wanted
        if not locked & {owner.lower().replace("_", "-") for owner in owners.get(name, [])}
    }


def test_there_is_a_first_notebook():
    assert NOTEBOOKS


@every_notebook
def test_a_notebook_is_valid(path):
    nbformat.validate(nbformat.read(path, as_version=4))


@every_notebook
def test_no_outputs_are_kept_in_git(path):
    kept = [cell.id for cell in code_cells(path) if cell.outputs or cell.execution_count]
    assert kept == [], (
        f"`jupyter nbconvert --clear-output --inplace {path.relative_to(PROJECT)}` takes them away."
    )


@every_notebook
def test_the_image_has_what_a_notebook_imports(path):
    missing = missing_from_image([cell.source for cell in code_cells(path)])
    assert missing == set(), "Add them to jupyterlab/requirements.in and run `make lock`."


def test_the_image_has_what_core_imports():
    missing = missing_from_image([path.read_text() for path in PROJECT.glob("core/*.py")])
    assert missing == set(), "Add them to jupyterlab/requirements.in and run `make lock`."
