"""JSON documents in storage, checked when they are read: a broken one stops nothing."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Annotated, Generic, TypeVar

from obstore.store import ObjectStore
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from core.storage import names, read

log = logging.getLogger(__name__)

T = TypeVar("T")


def _with_zone(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("it has no zone")
    return text


Time = Annotated[str, AfterValidator(_with_zone)]
"""A time as ISO text with its zone."""

Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""A number of rows or lines, as the summary tables can hold it."""


class Unreadable(Exception):
    """A document that is not what it should be; the text says where and why."""


class Documents(Generic[T]):
    """The documents of one folder, each of one shape."""

    def __init__(self, folder: str, shape: type[T]):
        self.folder = folder
        self.shape = TypeAdapter(shape)

    def read(self, store: ObjectStore, path: str) -> T:
        """Return a document. Raises Unreadable, or FileNotFoundError if there is none."""
        try:
            return self.shape.validate_json(read(store, path))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"])) or "the whole"
            raise Unreadable(f"{path} can't be read. {place}: {first['msg']}.") from None

    def find(self, store: ObjectStore, path: str) -> T | None:
        """Return a document, or None if there is none, or none that can be read."""
        try:
            return self.read(store, path)
        except FileNotFoundError:
            return None
        except Unreadable as problem:
            _log_once(path, str(problem))
            return None

    def read_all(
        self, store: ObjectStore, on_unreadable: Callable[[str, str], None] | None = None
    ) -> list[T]:
        """Return every document that can be read, by path; the others are logged, or handed over.

        `on_unreadable` gets path and reason.
        """
        documents = []
        for path in names(store, self.folder):
            try:
                documents.append(self.read(store, path))
            except Unreadable as problem:
                (on_unreadable or _log_once)(path, str(problem))
        return documents


@cache
def _log_once(path: str, reason: str) -> None:
    log.warning("%s was passed over: %s", path, reason)
