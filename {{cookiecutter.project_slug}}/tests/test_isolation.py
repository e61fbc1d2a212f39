"""What goes wrong in one step never stops the others, and is told from what the machine does."""

from types import SimpleNamespace

import polars as pl
import pytest

from core.registry import PromotionLost
from core.schema import OUTCOME
from processing import steps, work
from processing.answers import truth
from processing.summaries import tables
from processing.training import candidate
from processing.training.window import Rows, TooFewRows
from processing.way import STEPS
from tests.aside import set_aside
from tests.small_model import HAPPENED


def panic() -> BaseException:
    """Return the exception that Polars raises where its own code fails: it is no Exception."""
    return pl.exceptions.PanicException("index out of bounds")


BROKEN_INPUTS = [
    ValueError("bad"),
    KeyError("column"),
    TypeError(),
    RecursionError("too deep"),
    SystemExit("model/ gave up"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    FileNotFoundError("rows/month=2013-01/x.parquet"),
    pl.exceptions.ComputeError("bad"),
    panic(),
]
BROKEN_MACHINES = [
    MemoryError(),
    OSError(28, "No space left on device"),
    OSError("No space left on device (os error 28)"),
    pl.exceptions.ComputeError("IO error: No space left on device (os error 28)"),
    ConnectionResetError(),
]


@pytest.fixture
def recorded(monkeypatch) -> list[str]:
    """Replace every step by one that only says that it was done."""
    done = []
    for name in STEPS:
        monkeypatch.setitem(steps.FUNCTIONS, name, lambda name=name: done.append(name))
    return done


@pytest.mark.parametrize("error", BROKEN_INPUTS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("name", STEPS)
def test_a_step_that_fails_is_named_and_the_others_are_done(
    storage, recorded, monkeypatch, name, error
):
    def fail():
        raise error

    with monkeypatch.context() as patched:
        patched.setitem(steps.FUNCTIONS, name, fail)
        facts = dict(steps.run_steps())
    assert recorded == [step for step in STEPS if step != name]
    assert type(error).__name__ in facts[name]["problem"]
    assert set_aside(storage, "steps").keys() == {name}
    dict(steps.run_steps())
    assert set_aside(storage, "steps") == {}


@pytest.mark.parametrize("error", BROKEN_MACHINES, ids=repr)
@pytest.mark.usefixtures("recorded")
def test_a_machine_that_fails_ends_the_run_so_that_it_is_tried_again(storage, monkeypatch, error):
    def fail():
        raise error

    monkeypatch.setitem(steps.FUNCTIONS, "features", fail)
    with pytest.raises(type(error)):
        dict(steps.run_steps())
    assert set_aside(storage, "steps") == {}


def test_a_run_is_done_even_if_everything_that_ends_it_fails(storage, monkeypatch):
    def fail(*_):
        raise ValueError("bad")

    for module, name in ((truth, "join"), (tables, "write_all")):
        monkeypatch.setattr(module, name, fail)
    monkeypatch.setattr(steps, "measure_live_error", fail)
    steps.summarise()
    assert work.is_done(work.inputs_digest())
    assert set_aside(storage, "steps").keys() == {"join", "tables", "live error"}


def test_a_feature_that_is_always_missing_is_named(monkeypatch):
    """Boosted trees fail on such a column with a sentence of NumPy's."""

    def fail(*_):
        raise ValueError("window shape cannot be larger than input array shape")

    features = pl.DataFrame({"seats": [float("nan")] * 3, "hours": [1.0, 2.0, 3.0]})
    rows = pl.DataFrame({OUTCOME: [HAPPENED] * 3})
    monkeypatch.setattr(candidate, "estimator", lambda: SimpleNamespace(fit=fail))
    with pytest.raises(TooFewRows, match="The features seats are missing in all 3 rows"):
        candidate.fit(Rows(rows, features))


@pytest.mark.usefixtures("storage")
def test_a_lost_promotion_is_tried_again(monkeypatch):
    def lose():
        raise PromotionLost("Another run made promotion 1 first.")

    monkeypatch.setitem(steps.FUNCTIONS, "raw", lose)
    with pytest.raises(PromotionLost):
        dict(steps.run_steps())
