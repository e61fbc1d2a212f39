"""Everything the platform reads from its environment."""

from functools import cache
from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """One field for each variable; the compose file sets them, a laptop needs none of them."""

    model_config = SettingsConfigDict(frozen=True, use_attribute_docstrings=True)

    storage_url: str = (PROJECT / "data").as_uri()
    """Where the buckets are: the address of an S3 API, or a folder as file:///…"""

    storage_access_key: str = ""
    """The S3 user of this service."""

    storage_secret_key: SecretStr = SecretStr("")
    """Its secret."""

    storage_region: str = "us-east-1"
    """The S3 region; MinIO's own is us-east-1."""

    summaries_url: SecretStr = SecretStr("")
    """PostgreSQL address of the summary tables, password included. Empty: no tables are written."""

    access_folder: Path = PROJECT / "access"
    """Where the hashes of the API keys are."""

    journal_folder: Path = PROJECT / "data" / "journal"
    """Where answers wait on disk until storage has them."""

    journal_seconds: float = 2.0
    """How often they are written through to the disk and handed to storage."""

    listen: str = "127.0.0.1"
    """The names that the prediction service listens on, separated by spaces."""

    port: int = 8000
    """Its port."""

    prediction_url: str = ""
    """Where notebooks ask the champion. Empty: they load it from storage instead."""

    api_key: SecretStr = SecretStr("")
    """The API key that notebooks ask with."""


@cache
def settings() -> Settings:
    """Read the environment on first use, so that importing this module does nothing."""
    return Settings()
