"""JSON documents in storage, checked when they are read: a broken one stops nothing.

Of a folder that grows for ever, one object holds copies of them all, so that reading it costs about
the same every day: only what has changed since is read by itself.
"""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cache, partial
from typing import Annotated, Generic, NamedTuple, TypeVar

from obstore.store import ObjectStore
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from core.layout import INDEXES
from core.storage import listed, read

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


class Copy(NamedTuple):
    """What a document held when it had this ETag."""

    etag: str
    text: str


COPIES = TypeAdapter(dict[str, Copy])

MOST_OUTSIDE = 100
"""So many documents are read by themselves; of more, the index is written anew."""


class Documents(Generic[T]):
    """The documents of one folder, each of one shape.

    Only who may write to the bucket may read all of an indexed folder.
    """

    def __init__(self, folder: str, shape: type[T], *, indexed: bool = False):
        self.folder = folder
        self.shape = TypeAdapter(shape)
        self.indexed = indexed

    def read(self, store: ObjectStore, path: str) -> T:
        """Return a document. Raises Unreadable, or FileNotFoundError if there is none."""
        return self._parsed(path, read(store, path))

    def _parsed(self, path: str, content: bytes | str) -> T:
        try:
            return self.shape.validate_json(content)
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
        for path, content in self._contents(store):
            try:
                documents.append(self._parsed(path, content))
            except Unreadable as problem:
                (on_unreadable or _log_once)(path, str(problem))
        return documents

    def _contents(self, store: ObjectStore) -> Iterator[tuple[str, bytes | str]]:
        """Yield each document's path and what it holds, by path."""
        etags = {item["path"]: str(item["e_tag"]) for item in listed(store, self.folder)}
        copies = self._index(store) if self.indexed and len(etags) > MOST_OUTSIDE else {}
        copies = {path: copy for path, copy in copies.items() if copy.etag == etags.get(path)}
        outside = sorted(etags.keys() - copies.keys())
        with ThreadPoolExecutor(8) as pool:
            new = dict(zip(outside, pool.map(partial(_read, store), outside), strict=True))
        if self.indexed and len(outside) > MOST_OUTSIDE:
            texts = {path: content.decode("utf-8", "replace") for path, content in new.items()}
            copies |= {path: Copy(etags[path], text) for path, text in texts.items()}
            store.put(self._index_path(), COPIES.dump_json(copies))
        for path in sorted(etags):
            yield path, new[path] if path in new else copies[path].text

    def _index(self, store: ObjectStore) -> dict[str, Copy]:
        try:
            return COPIES.validate_json(read(store, self._index_path()))
        except (FileNotFoundError, ValidationError):
            return {}

    def _index_path(self) -> str:
        return f"{INDEXES}/{self.folder}.json"


def _read(store: ObjectStore, path: str) -> bytes:
    """Return what an object holds; one that is gone by now holds nothing, and can't be read."""
    try:
        return read(store, path)
    except FileNotFoundError:
        return b""


@cache
def _log_once(path: str, reason: str) -> None:
    log.warning("%s was passed over: %s", path, reason)
