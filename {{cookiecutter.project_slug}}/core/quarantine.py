"""What failed is set aside with its reason, so that it costs nothing but itself.

An entry holds for one state of its input, such as an ETag or the code: what has changed is tried
again. Only processing writes entries, and none where the machine failed.
"""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from obstore.store import ObjectStore
from typing_extensions import TypedDict

from core.documents import Count, Documents, Time
from core.layout import QUARANTINE
from core.retries import is_worth_retrying
from core.storage import as_json, names

log = logging.getLogger(__name__)

LONGEST_REASON = 300


class Entry(TypedDict):
    """An input that failed. An empty reason: it has been processed since."""

    kind: str
    name: str
    reason: str
    count: Count
    time: Time


def sentence(error: BaseException) -> str:
    """Return what an error says in one line, with its type unless it is a sentence of ours."""
    text = " ".join(str(error).split())[:LONGEST_REASON]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def is_to_blame(error: BaseException) -> bool:
    """Return whether an error is of the input, and not of the machine or of somebody's Ctrl-C."""
    return not (_is_interruption(error) or is_worth_retrying(error))


def _is_interruption(error: BaseException) -> bool:
    """Return whether somebody ends the process: Ctrl-C, or Dagster by an exception of its own."""
    return isinstance(error, (KeyboardInterrupt, GeneratorExit)) or (
        type(error).__name__ == "DagsterExecutionInterruptedError"
    )


class Quarantine:
    """The entries of one kind of input: `answers`, `documents`, `features`, `steps`, …"""

    def __init__(self, processed: ObjectStore, kind: str):
        self.processed, self.kind = processed, kind
        self.paths = set(names(processed, f"{QUARANTINE}/{kind}"))
        self.reasons: dict[str, str] = {}
        """Of the inputs that were set aside by this very object."""

    def holds(self, name: str, state: str = "") -> bool:
        """Return whether this state of an input has an entry."""
        return self._path(name, state) in self.paths

    def add(self, name: str, reason: str, state: str = "", count: int = 1) -> None:
        """Set an input aside; `count` is how many lines or rows of it failed."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        reason = reason[:LONGEST_REASON]
        entry = Entry(kind=self.kind, name=name, reason=reason, count=count, time=now)
        path = self._path(name, state)
        self.processed.put(path, as_json(entry))
        self.paths.add(path)
        self.reasons[name] = reason
        if reason:
            log.warning("%s %s was set aside: %s", self.kind, name, reason)

    def add_once(self, name: str, reason: str) -> None:
        """Set an input aside unless it is set aside already."""
        if not self.holds(name):
            self.add(name, reason)

    def release(self, name: str, state: str = "") -> None:
        """Note that an input has been processed after all."""
        if self.holds(name, state):
            self.add(name, "", state)

    @contextmanager
    def catching(self, name: str, state: str = "") -> Iterator[None]:
        """Set the input aside if the block fails because of it.

        What another attempt may cure is raised, and so is an interruption.
        """
        try:
            yield
        except BaseException as error:  # a panic of Polars is no Exception
            if not is_to_blame(error):
                raise
            self.add(name, sentence(error), state)

    def _path(self, name: str, state: str) -> str:
        digest = hashlib.sha256(f"{name}\n{state}".encode()).hexdigest()[:24]
        return f"{QUARANTINE}/{self.kind}/{digest}.json"


def entries(processed: ObjectStore) -> list[Entry]:
    """Return every entry, of all kinds."""
    return Documents(QUARANTINE, Entry, indexed=True).read_all(processed)
