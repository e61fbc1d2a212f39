"""Outcomes that count no longer: what an API key reported until `make withdraw` took it back."""

from datetime import datetime

import polars as pl
from obstore.store import ObjectStore
from typing_extensions import TypedDict

from core.documents import Documents, Time
from core.layout import WITHDRAWN


class Withdrawal(TypedDict):
    """Nothing counts that the API key named `client` reported until this time."""

    client: str
    until: Time


WITHDRAWALS = Documents(WITHDRAWN, Withdrawal)


def withdrawn(predictions: ObjectStore) -> dict[str, datetime]:
    """Return until when the reports of a key are taken back, for each key whose reports are.

    A withdrawal that can't be read is passed over.
    """
    entries = WITHDRAWALS.read_all(predictions)
    return {entry["client"]: datetime.fromisoformat(entry["until"]) for entry in entries}


def without_withdrawn(joined: pl.DataFrame, until: dict[str, datetime]) -> pl.DataFrame:
    """Return joined answers without the outcomes that were taken back."""
    for client, time in until.items():
        back = (pl.col("reporter") == client) & (pl.col("known") <= time)
        joined = joined.filter(~back.fill_null(False))
    return joined
