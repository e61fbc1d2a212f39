"""The real stack, started once for all tests as its owner would start it, used through the gateway, and removed."""

import os
import shutil
import time

import pytest
from conftest import ROOT, bake
from running import HEALTHY, Stack, first_answer, free_ports, make_images_available, no_stack, run, set_variables


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    """`docker compose up -d --wait` in a fresh project, with the times it took."""
    if shutil.which("docker") is None or run("docker", "info").returncode:
        no_stack("No Docker answers here")
    project = bake(tmp_path_factory.mktemp("stack") / "here", f"project_slug=slipway-test-{os.getpid()}")
    gateway, lab, storage = free_ports(3)
    settings = set_variables(project, GATEWAY_PORT=gateway, LAB_PORT=lab, STORAGE_PORT=storage)
    here = Stack(project, settings)
    try:
        make_images_available(project)
        here.compose("build", timeout=1800)
        started = time.monotonic()
        here.compose("up", "--detach", "--wait", "--wait-timeout", str(HEALTHY * 3))
        here.seconds["healthy"] = time.monotonic() - started
        here.seconds["first answer"] = first_answer(here)
        yield here
    finally:
        ROOT.joinpath("stack.log").write_text(here.compose("logs", "--no-color", check=False).stdout)
        here.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--rmi", "local", check=False)


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
