"""The real stack, started once for all tests as its owner would start it, used through the gateway, and removed."""

import pytest
from conftest import leave_out
from running import missing_engine, started


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Leave a test out before any fixture of it runs where no stack can be started."""
    if problem := missing_engine():
        leave_out(f"{problem}, so the real stack was not started and nothing was tested in it.")


def pytest_collection_modifyitems(items):
    """Modules that start a stack of their own come first: it is gone before the one that all others share is there."""
    items.sort(key=lambda item: "started" not in vars(item.module))


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    """`docker compose up -d --wait` in a fresh project, with the times it took."""
    folder = tmp_path_factory.mktemp("stack")
    with started(folder, "test", ALLOWED_ORIGINS="https://shop.example.org") as here:
        yield here


@pytest.fixture(scope="session")
def card(stack) -> dict:
    """The champion's card."""
    with stack.api() as api:
        return api.get("/v1/model").raise_for_status().json()


@pytest.fixture
def api(stack):
    """The owner's client of the API."""
    with stack.api() as client:
        yield client


@pytest.fixture
def visitor(stack):
    """The owner's browser, as far as it needs no screen."""
    with stack.signed_in() as client:
        yield client
