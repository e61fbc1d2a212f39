"""JSON documents in storage, checked when they are read: a broken one stops nothing.

Of a folder that grows for ever, one object holds copies of them all, so that reading it costs about
the same every day: only what has changed since is read by itself. A process keeps the copies that
it has met, so it asks for each document once. A copy counts only while its document has the ETag
that the copy was made of.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cache, partial
from typing import Annotated, Generic, NamedTuple, TypeVar

from obstore.store import ObjectStore
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from core.layout import INDEXES
from core.storage import listed, names, read

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
        self._met: dict[str, Copy] = {}

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
        if self.indexed:
            return self.parsed(self.contents(store), on_unreadable)
        return self.parsed(_read_all(store, names(store, self.folder)), on_unreadable)

    def parsed(
        self,
        contents: Mapping[str, str] | Mapping[str, bytes],
        on_unreadable: Callable[[str, str], None] | None = None,
    ) -> list[T]:
        """Return the documents that hold this, by path, as `read_all` does."""
        documents = []
        for path, content in contents.items():
            try:
                documents.append(self._parsed(path, content))
            except Unreadable as problem:
                (on_unreadable or _log_once)(path, str(problem))
        return documents

    def contents(self, store: ObjectStore, since: datetime | None = None) -> dict[str, str]:
        """Return the text of each document of an indexed folder, or of those written after a time.

        By path. Those that this process has met, as they are now, are not read again.
        """
        items = sorted(listed(store, self.folder), key=lambda item: item["path"])
        etags = {item["path"]: str(item["e_tag"]) for item in items}
        young = [item["path"] for item in items if since is None or item["last_modified"] > since]
        self._met = _current(self._met, etags)
        if len(_unmet(young, self._met)) > MOST_OUTSIDE:
            self._met |= _current(self._index(store), etags)
        new = _read_all(store, outside := _unmet(young, self._met))
        texts = {path: content.decode("utf-8", "replace") for path, content in new.items()}
        self._met |= {path: Copy(etags[path], text) for path, text in texts.items() if text}
        if len(outside) > MOST_OUTSIDE:
            store.put(self._index_path(), COPIES.dump_json(self._met))
        return {path: texts[path] if path in texts else self._met[path].text for path in young}

    def _index(self, store: ObjectStore) -> dict[str, Copy]:
        try:
            return COPIES.validate_json(read(store, self._index_path()))
        except (FileNotFoundError, ValidationError):
            return {}

    def _index_path(self) -> str:
        return f"{INDEXES}/{self.folder}.json"


def _current(copies: dict[str, Copy], etags: Mapping[str, str]) -> dict[str, Copy]:
    return {path: copy for path, copy in copies.items() if copy.etag == etags.get(path)}


def _unmet(paths: Iterable[str], met: Mapping[str, Copy]) -> list[str]:
    return [path for path in paths if path not in met]


def _read_all(store: ObjectStore, paths: list[str]) -> dict[str, bytes]:
    with ThreadPoolExecutor(8) as pool:
        return dict(zip(paths, pool.map(partial(_read, store), paths), strict=True))


def _read(store: ObjectStore, path: str) -> bytes:
    """Return what an object holds; one that is gone by now holds nothing, and can't be read."""
    try:
        return read(store, path)
    except FileNotFoundError:
        return b""


@cache
def _log_once(path: str, reason: str) -> None:
    log.warning("%s was passed over: %s", path, reason)
