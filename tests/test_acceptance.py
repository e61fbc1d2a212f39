"""What is wrong in `model/` is said by `make test`, in a sentence that tells what to change."""

import subprocess
from pathlib import Path

import pytest
from conftest import bake_with_environment, edit, python_of

TAKES_LONG = True
QUIETLY = ("-rN", "--show-capture=no", "--disable-warnings")

MISTAKES = {
    "distance in model/schema.py needs description": ("schema.py", "examples=[2475],", ""),
    "The example of dest in model/schema.py": ("schema.py", '["LAX"]', '["lax"]'),
    "KEY in model/schema.py names from": ("schema.py", '"flight", "origin")', '"flight", "from")'),
    "ZONE in model/schema.py is New York": ("schema.py", '"America/New_York"', '"New York"'),
    "if it sorts or leaves rows out, it must keep the column `row`": (
        "source.py",
        "return raw.with_columns(",
        "return raw.sort('distance').select(pl.exclude('row')).with_columns(",
    ),
    "raw_file('04') can't be read. model/source.py, line": (
        "source.py",
        'f"2013-{number',
        'f"{number',
    ),
    "for the same question alone. It must compute each row by itself": (
        "features.py",
        'columns["distance"]',
        'columns["distance"] - columns["distance"].mean()',
    ),
    "model/ imports pandas, which the image of prediction lacks": (
        "features.py",
        "import numpy as np",
        "import numpy as np\nimport pandas",
    ),
    "SLICES in model/estimator.py names airline": (
        "estimator.py",
        '("origin", "carrier")',
        '("origin", "airline")',
    ),
}
"""What is said: the file, what stands in it, and what an owner makes of that."""

NOT_IMPORTED = {
    "schema.py, line 1: '(' was never closed": ("schema.py", "KEY = ("),
    "model/features.py, line 1: ModuleNotFoundError": ("features.py", "import numpie"),
    "model/estimator.py has no WINDOW_DAYS": ("estimator.py", "SLICES = ()"),
}


@pytest.fixture(scope="module")
def untouched(tmp_path_factory, environment) -> Path:
    """Return a project with an environment."""
    return bake_with_environment(tmp_path_factory.mktemp("project") / "here", environment)


@pytest.fixture
def own(untouched) -> Path:
    """Return the project, and put `model/` back afterwards."""
    before = {file: file.read_text(encoding="utf-8") for file in (untouched / "model").glob("*.py")}
    yield untouched
    for file, text in before.items():
        file.write_text(text, encoding="utf-8")


def failure_of(project: Path) -> str:
    """Return what the owner's half of `make test` says when it fails."""
    command = [python_of(project), "-m", "pytest", "-q", *QUIETLY, "acceptance"]
    done = subprocess.run(command, cwd=project, capture_output=True, encoding="utf-8")
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_each_mistake_is_said_once_and_hides_no_other(own):
    for file, old, new in MISTAKES.values():
        edit(own / "model" / file, old, new)
    said = failure_of(own)
    assert {sentence: said.count(sentence) for sentence in MISTAKES} == dict.fromkeys(
        MISTAKES, 1
    ), said
    assert "Traceback" not in said and "acceptance/test_" not in said


@pytest.mark.parametrize("sentence", NOT_IMPORTED)
def test_a_file_that_can_not_be_imported_is_named_with_its_line(own, sentence):
    file, text = NOT_IMPORTED[sentence]
    own.joinpath("model", file).write_text(text, encoding="utf-8")
    said = failure_of(own)
    assert sentence in said and "Traceback" not in said
