"""The bucket `raw` listed where a name holds a control character, which obstore refuses to list.

Such a file stands in the list by its name with these characters written out. It can't be read by
that name, and is reported so; all others are listed as ever.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore

from core.settings import settings

if TYPE_CHECKING:
    from obstore import ObjectMeta


def listed(raw: ObjectStore) -> list[ObjectMeta]:
    """Return path, size, ETag and time of every object."""
    return _in_folder(raw) if isinstance(raw, LocalStore) else _in_bucket()


def _in_folder(raw: LocalStore) -> list[ObjectMeta]:
    root = Path(str(raw.prefix))
    files = [place for place in root.rglob("*") if place.is_file()]
    return [_of_file(raw, place.relative_to(root).as_posix(), place) for place in files]


def _of_file(raw: LocalStore, path: str, place: Path) -> ObjectMeta:
    try:
        return raw.head(path)
    except (ValueError, BaseError):
        status = place.stat()
        tag = f"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"
        return _item(path, tag, datetime.fromtimestamp(status.st_mtime, UTC), status.st_size)


def _in_bucket() -> list[ObjectMeta]:
    from minio import Minio  # needed for such a listing only

    config, address = settings(), urlsplit(settings().storage_url)
    client = Minio(
        endpoint=address.netloc,
        access_key=config.storage_access_key,
        secret_key=config.storage_secret_key.get_secret_value(),
        secure=address.scheme == "https",
        region=config.storage_region,
    )
    return [
        _item(item.object_name, item.etag, item.last_modified, item.size)
        for item in client.list_objects(bucket_name="raw", recursive=True)
    ]


def _item(path: str, tag: str, modified: datetime, size: int) -> ObjectMeta:
    """Return an entry whose control characters are written out, such as `\\n`."""
    plain = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in path.encode("utf-8", "replace").decode()
    )
    return {
        "path": plain,
        "e_tag": tag,
        "last_modified": modified,
        "size": size,
        "version": None,
    }
