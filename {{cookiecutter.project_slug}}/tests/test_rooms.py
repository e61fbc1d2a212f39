"""Who may import whom in processing/: a folder uses those before it, and nothing above them."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.settings import PROJECT

PROCESSING = PROJECT / "processing"
ROOMS = ("sources", "rows", "training", "answers", "summaries")
"""The folders of processing/ in their order, by the way of the data."""

HEAVY = ("sklearn", "skl2onnx", "onnx", "onnxruntime", "pandas", "scipy", "processing.training")
"""What the code server must not load: it holds the graph, and runs load the rest."""


def modules(file: Path) -> Iterator[str]:
    """Yield the full name of all that a file imports, also inside of its functions."""
    package = file.relative_to(PROJECT).parent.parts
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            source = ".".join([*above, *filter(None, [node.module])])
            yield from (f"{source}.{alias.name}" for alias in node.names)


def rooms_used_by(file: Path) -> set[str]:
    """Return the folders and files of processing/ that a file imports from."""
    names = [name.split(".") for name in modules(file)]
    return {name[1] for name in names if name[0] == "processing" and len(name) > 1}


def python_files(room: str) -> list[Path]:
    return sorted(PROCESSING.joinpath(room).rglob("*.py"))


def test_every_folder_with_code_has_its_place_in_the_order():
    assert {file.parent.name for file in PROCESSING.glob("*/*.py")} == set(ROOMS)
    assert [path for room in ROOMS for path in (PROCESSING / room).glob("*/*.py")] == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_folder_imports_only_itself_and_those_before_it(room):
    allowed = set(ROOMS[: ROOMS.index(room) + 1])
    wrong = {file.name: rooms_used_by(file) - allowed for file in python_files(room)}
    assert {name: rooms for name, rooms in wrong.items() if rooms} == {}


@pytest.mark.parametrize("room", ROOMS)
def test_a_folder_says_what_it_is_for_and_loads_nothing(room):
    (only,) = ast.parse((PROCESSING / room / "__init__.py").read_text(encoding="utf-8")).body
    assert isinstance(only, ast.Expr) and isinstance(only.value.value, str)


def test_the_code_server_loads_nothing_that_trains():
    program = "import sys, processing.definitions; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    assert set(HEAVY) & set(done.stdout.split()) == set()
