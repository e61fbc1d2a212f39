"""The buckets: an S3 API in the stack, a folder on a laptop, the same calls for both."""

import json
import mmap
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlparse
from urllib.request import url2pathname

from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore, ObjectStore, S3Store

from core.layout import BUCKETS
from core.settings import settings

if TYPE_CHECKING:
    from obstore import ObjectMeta


def bucket(name: str) -> ObjectStore:
    """Open one of BUCKETS. Opening reaches nothing: the first read or write does."""
    if name not in BUCKETS:
        raise ValueError(f"There is no bucket {name!r}; there are {', '.join(BUCKETS)}.")
    config = settings()
    address = urlparse(config.storage_url)
    if address.scheme == "file":
        return LocalStore(Path(url2pathname(address.path)) / name, mkdir=True)
    return S3Store(
        name,
        endpoint=config.storage_url,
        access_key_id=config.storage_access_key,
        secret_access_key=config.storage_secret_key.get_secret_value(),
        region=config.storage_region,
        virtual_hosted_style_request=False,
        client_options={
            "allow_http": address.scheme == "http",
            "connect_timeout": "2s",
            "timeout": "30s",
        },
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=10)},
    )


def create(store: ObjectStore, path: str, data: bytes | BinaryIO) -> bool:
    """Write an object only if there is none of that name. Returns False if there is one already.

    An open file is mapped, so that memory holds no more of a large one than it can spare.
    """
    try:
        store.put(path, data if isinstance(data, bytes) else _mapped(data), mode="create")
    except AlreadyExistsError:
        return False
    return True


def _mapped(file: BinaryIO) -> bytes | mmap.mmap:
    file.flush()
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if file.seek(0, 2) else b""


def read(store: ObjectStore, path: str) -> bytes:
    """Return the whole object. Raises FileNotFoundError if there is none."""
    return bytes(store.get(path).bytes())


def exists(store: ObjectStore, path: str) -> bool:
    """Return whether there is an object of this name."""
    try:
        store.head(path)
    except FileNotFoundError:
        return False
    return True


def names(store: ObjectStore, folder: str = "") -> list[str]:
    """Return the path of every object in a folder, sorted."""
    return sorted(item["path"] for item in listed(store, folder))


def listed(store: ObjectStore, folder: str, offset: str | None = None) -> "list[ObjectMeta]":
    """Return path, size, ETag and time of every object in a folder, or of those after an offset."""
    return [item for batch in store.list(folder or None, offset=offset) for item in batch]


def read_json(store: ObjectStore, path: str) -> Any:
    """Return what a JSON object holds. Raises FileNotFoundError if there is none."""
    return json.loads(read(store, path))


def as_json(value: Any) -> bytes:
    """Return a value as people can read it in storage. Refuses NaN, which is no JSON."""
    return json.dumps(value, indent=1, allow_nan=False).encode()
