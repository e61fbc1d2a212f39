"""What the project's own tests share: a folder as storage, and a raw file to try things on."""

import polars as pl
import pytest

from core.settings import settings
from core.storage import bucket
from model.source import extract


@pytest.fixture
def storage(tmp_path, monkeypatch):
    """Buckets in an empty folder of this test's own."""
    monkeypatch.setenv("STORAGE_URL", tmp_path.joinpath("data").as_uri())
    settings.cache_clear()
    yield bucket
    settings.cache_clear()


@pytest.fixture(scope="session")
def sample() -> pl.DataFrame:
    """A raw file as text: the first that model/source.py delivers."""
    content = next((content for _, content in extract(set())), None)
    assert content, "model/source.py delivers no file to test with: let `extract` yield a small one."
    return pl.read_csv(content, infer_schema=False)
