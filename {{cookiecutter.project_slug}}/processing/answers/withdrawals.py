"""Outcomes that count no longer: what an API key reported until `make withdraw` took it back."""

from datetime import datetime

import polars as pl
from obstore.store import ObjectStore

from core.layout import WITHDRAWN
from core.storage import names, read_json


def withdrawn(predictions: ObjectStore) -> dict[str, datetime]:
    """Return until when the reports of a key are taken back, for each key whose reports are."""
    entries = (read_json(predictions, name) for name in names(predictions, WITHDRAWN))
    return {entry["client"]: datetime.fromisoformat(entry["until"]) for entry in entries}


def without_withdrawn(joined: pl.DataFrame, until: dict[str, datetime]) -> pl.DataFrame:
    """Return joined answers without the outcomes that were taken back."""
    for client, time in until.items():
        back = (pl.col("reporter") == client) & (pl.col("known") <= time)
        joined = joined.filter(~back.fill_null(False))
    return joined
