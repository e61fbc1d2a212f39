"""The real stack, started once for all tests as its owner starts it, and removed."""

import random

import pytest
from conftest import leave_out
from running import missing_engine, started

ROUTES = {"LAX": 2475, "BOS": 187, "MIA": 1089, "ORD": 740, "SFO": 2586}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    """Leave a test out before any fixture of it runs where no stack can be started."""
    if problem := missing_engine():
        leave_out(f"{problem}, so the real stack was not started and nothing was tested in it.")


def pytest_collection_modifyitems(items):
    """Begin with modules that start a stack of their own, so that no two stacks are up at once.

    The greedy come last: who takes all that a container has disturbs this machine too.
    """
    items.sort(key=lambda item: ("started" not in vars(item.module), "GREEDY" in vars(item.module)))


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    """Start a fresh project with `docker compose up --detach --wait`, and time it."""
    folder = tmp_path_factory.mktemp("stack")
    with started(folder, "test", ALLOWED_ORIGINS="https://shop.example.org") as running:
        yield running


@pytest.fixture
def api(stack):
    """Yield the owner's client of the API."""
    with stack.api() as client:
        yield client


@pytest.fixture
def card(api) -> dict:
    """Return the champion's card."""
    return api.get("/v1/model").raise_for_status().json()


@pytest.fixture
def visitor(stack):
    """Yield a client that has signed in as the owner, as a browser does."""
    with stack.signed_in() as client:
        yield client


@pytest.fixture(scope="module")
def questions(stack):
    """Ask a hundred questions."""
    draw = random.Random(0)
    with stack.api() as api:
        for _ in range(100):
            dest, miles = draw.choice(list(ROUTES.items()))
            day, hour = draw.randint(1, 28), draw.randint(6, 21)
            question = {
                "departure": f"2013-04-{day:02}T{hour:02}:30:00",
                "origin": "JFK",
                "dest": dest,
            }
            api.post(
                "/v1/predict", json=question | {"carrier": "UA", "distance": miles}
            ).raise_for_status()
