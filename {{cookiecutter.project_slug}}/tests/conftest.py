"""Shared by the project's own tests: a folder as storage, a raw file, and a replica to ask."""

import json
import signal
import tempfile
from pathlib import Path

import polars as pl
import pytest
from fastapi.testclient import TestClient
from hypothesis.configuration import set_hypothesis_home_dir
from obstore.store import LocalStore

from core.settings import settings
from core.storage import bucket
from tests.replica import Replica
from tests.service import Service
from tests.small_model import ASKED, promote, publish, raw_sample

set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "hypothesis")  # not in the project's folder


@pytest.fixture
def storage(tmp_path, monkeypatch):
    """Yield the buckets, in an empty folder of this test's own."""
    monkeypatch.setenv("STORAGE_URL", tmp_path.joinpath("data").as_uri())
    settings.cache_clear()
    yield bucket
    settings.cache_clear()


@pytest.fixture(scope="session")
def sample() -> pl.DataFrame:
    """Return a raw file as text: the first that model/source.py delivers."""
    return raw_sample()


@pytest.fixture
def replica(tmp_path):
    return Replica(tmp_path)


@pytest.fixture
def ask(replica):
    """Send a request with the owner's key; a dict or list is sent as JSON."""
    with TestClient(replica.app, raise_server_exceptions=False) as client:

        def send(path="/v1/predict", body=ASKED, key=replica.key, headers=None):
            content = json.dumps(body) if isinstance(body, dict | list) else body
            headers = (headers or {}) | ({"Authorization": f"Bearer {key}"} if key else {})
            return client.request(
                "GET" if body is None else "POST", path, content=content, headers=headers
            )

        yield send


@pytest.fixture
def service(tmp_path, request):
    """Yield the service as a process; its model takes as many seconds as the parameter says."""
    models = LocalStore(tmp_path / "data" / "models", mkdir=True)
    publish(models, "20130331-aaaaaaaa", seconds=getattr(request, "param", 0))
    promote(models, "20130331-aaaaaaaa")
    service = Service(tmp_path)
    service.start()
    yield service
    if service.process.poll() is None:
        service.end(signal.SIGKILL)


@pytest.fixture
def serving(replica):
    """Return a replica that answers with a model."""
    replica.promote("20130331-aaaaaaaa")
    return replica
