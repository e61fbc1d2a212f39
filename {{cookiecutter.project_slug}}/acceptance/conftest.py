"""What the tests of `model/` have in common: its modules, a sample of its rows, a model of them."""

import importlib
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pytest

PROJECT = Path(__file__).resolve().parent.parent

NAMES = {
    "schema": ("TASK", "KEY", "EVENT_TIME", "ZONE", "Question", "Outcome"),
    "source": ("COLUMNS", "to_rows", "extract", "SCHEDULE"),
    "features": ("features",),
    "estimator": (
        "WINDOW_DAYS",
        "MOST_TRAINING_ROWS",
        "JUDGING_DAYS",
        "SLICES",
        "MOST_MILLISECONDS",
        "estimator",
        "baseline",
        "rule_of_thumb",
    ),
    "retraining": ("NEW_ROWS", "OFF_BY", "DRIFT", "LIVE_ERROR", "WORSE_BY", "SCHEDULE"),
}
"""What the platform imports from each file of `model/`."""

NOTES = []
"""What is no problem and should be known; printed at the end."""


def pytest_sessionstart():
    """End with a sentence if `model/` can't be imported: then nothing else can be tried."""
    if problem := _import_problem():
        pytest.exit(problem, returncode=1)


def _import_problem() -> str:
    for name, wanted in NAMES.items():
        try:
            module = importlib.import_module(f"model.{name}")
        except Exception as error:
            return where(error)
        if not Path(str(module.__file__)).is_relative_to(PROJECT / "model"):
            return "Run acceptance/ by itself: tests/ puts another model/ in the place of yours."
        if missing := [one for one in wanted if not hasattr(module, one)]:
            return f"model/{name}.py has no {', '.join(missing)}, which the platform imports."
    try:
        importlib.import_module("core.schema")
    except TypeError as error:
        return str(error)
    return ""


def where(error: BaseException) -> str:
    """Return what an error says, with the last line of `model/` that led to it."""
    if isinstance(error, SyntaxError):
        return f"{Path(str(error.filename)).name}, line {error.lineno}: {error.msg}"
    lines = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(PROJECT / "model")
    ]
    place = f"model/{Path(lines[-1].filename).name}, line {lines[-1].lineno}: " if lines else ""
    return f"{place}{type(error).__name__}: {error}"


def failure(act: Callable[[], object]) -> str:
    """Return what is said when something fails; nothing if it does not."""
    try:
        act()
    except Exception as error:
        return where(error)
    return ""


def problem(sentence: str) -> NoReturn:
    """End a test with a sentence, and without a look at its code."""
    __tracebackhide__ = True
    pytest.fail(sentence, pytrace=False)


ORDER = ("schema", "packages", "source", "features", "estimator")


def pytest_collection_modifyitems(items: list[pytest.Item]):
    """Begin with what the rest depends on."""
    items.sort(key=lambda item: ORDER.index(item.path.stem.removeprefix("test_")))


def pytest_terminal_summary(terminalreporter):
    """Print the notes."""
    for note in NOTES:
        terminalreporter.write_line(note, yellow=True)


class Tried(NamedTuple):
    """What was made, or the problem that came up instead: one test says it, and others skip."""

    made: Any
    problem: str

    def or_skip(self) -> Any:
        """Return what was made."""
        if self.problem:
            pytest.skip(f"it could not be tried: {self.problem}")
        return self.made


def tried(make: Callable[..., Any], *words: Any) -> Tried:
    """Make something that may end in a problem."""
    try:
        return Tried(make(*words), "")
    except pytest.fail.Exception as failed:
        return Tried(None, str(failed))


@pytest.fixture(scope="session")
def tried_sample() -> Tried:
    """Return some of the rows that `extract` delivers."""
    from acceptance.sample import read_sample

    return tried(read_sample)


@pytest.fixture(scope="session")
def sample(tried_sample):
    return tried_sample.or_skip()


@pytest.fixture(scope="session")
def tried_learned(sample, tmp_path_factory) -> Tried:
    """Return what the pipeline makes of the sample, in an empty folder."""
    from acceptance.learning import learn

    if not len(sample.good):
        pytest.skip("no row is accepted")
    return tried(learn, sample, tmp_path_factory.mktemp("platform"))


@pytest.fixture(scope="session")
def learned(tried_learned):
    return tried_learned.or_skip()
