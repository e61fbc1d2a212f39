"""The lines that prediction stores and processing reads: answers given, and outcomes reported."""

from datetime import datetime
from typing import NotRequired, TypedDict


class Stamp(TypedDict):
    """When a line was written, to the millisecond in UTC, and the name of the client's API key."""

    time: str
    client: str


class Answer(Stamp):
    """One answer. Its `key` is the question's, as `core.schema.key` writes it, if it has one."""

    id: str
    model: str
    key: str | None
    question: dict
    prediction: float | str | int | bool
    probabilities: NotRequired[dict[str, float]]


class Report(Stamp):
    """One outcome, for the answer of this id or the questions of this key."""

    id: NotRequired[str]
    key: NotRequired[str]
    actual: float | str | int | bool


HOUR = "%Y/%m/%d/%H"
"""The folder of a line, below `live/` or `outcomes/`: the hour in which it was written."""


def hour_folder(time: datetime) -> str:
    """Return the folder of an hour, such as `2013/04/01/09`."""
    return f"{time:{HOUR}}"
