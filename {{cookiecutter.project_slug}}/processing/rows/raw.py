"""The bucket `raw`: which files there are, and which of them have been checked."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from obstore.exceptions import BaseError, InvalidPathError
from obstore.store import LocalStore, ObjectStore

from core.storage import names, read
from processing.rows.kinds import Unreadable

PIECE = 16 * 1024 * 1024


@dataclass(frozen=True)
class RawFile:
    """One version of an object in the bucket `raw`."""

    path: str
    etag: str
    arrived: datetime

    @property
    def id(self) -> str:
        """Names everything that is made from this file; sorts by arrival."""
        digest = hashlib.sha256(f"{self.path}\n{self.etag}".encode()).hexdigest()[:12]
        return f"{self.arrived:%Y%m%dT%H%M%S%f}-{digest}"


def raw_files(raw: ObjectStore) -> list[RawFile]:
    """Every raw file, in the order of arrival."""
    files = [
        RawFile(item["path"], item["e_tag"].strip('"'), item["last_modified"])
        for item in _listed(raw)
        if not _is_marker(item["path"]) and (item["size"] or _is_there(raw, item["path"]))
    ]
    return sorted(files, key=lambda file: (file.arrived, file.path))


def _listed(raw: ObjectStore) -> list[dict]:
    try:
        return [item for batch in raw.list() for item in batch]
    except InvalidPathError:
        if not isinstance(raw, LocalStore):
            raise
        return _walked(raw)


def _walked(raw: LocalStore) -> list[dict]:
    """List a folder in which a name holds what no object's name may, such as a line break.

    Such a file is listed by its name with these marks written out, and can't be read by it.
    """
    files = [place for place in Path(raw.prefix).rglob("*") if place.is_file()]
    return [_item(raw, place.relative_to(raw.prefix).as_posix(), place) for place in files]


def _item(raw: LocalStore, path: str, place: Path) -> dict:
    try:
        return raw.head(path)
    except (ValueError, BaseError):
        about = place.stat()
        return {
            "path": path.encode("unicode_escape", "surrogatepass").decode(),
            "e_tag": f"{about.st_ino:x}-{about.st_mtime_ns:x}-{about.st_size:x}",
            "last_modified": datetime.fromtimestamp(about.st_mtime, UTC),
            "size": about.st_size,
        }


def _is_marker(path: str) -> bool:
    """Whether other programs made this for themselves, as Spark does `_SUCCESS`."""
    return any(part.startswith(("_", ".")) for part in PurePosixPath(path).parts)


def _is_there(raw: ObjectStore, path: str) -> bool:
    """Whether an object without content can be read: the key `visits/`, a folder made in a browser
    of S3, is listed as `visits`, and there is no object of that name."""
    try:
        raw.head(path)
    except FileNotFoundError:
        return False
    return True


@contextmanager
def on_disk(raw: ObjectStore, file: RawFile, folder: Path) -> Iterator[Path]:
    """A raw file on this machine's disk: in its place if `raw` is a folder, otherwise a copy.

    Fails if the file was replaced meanwhile.
    """
    try:
        found = raw.head(file.path)
    except FileNotFoundError:
        raise Unreadable(
            "There is no file of this name now. Was its name changed? It must be plain text, "
            "without line breaks and other control characters."
        ) from None
    yield (
        raw.prefix / file.path if isinstance(raw, LocalStore) else _copy(raw, found, folder / "raw")
    )
    raw.get(file.path, options={"if_match": found["e_tag"], "head": True})


def _copy(raw: ObjectStore, found: dict, local: Path) -> Path:
    """Copy piece by piece, so that the file's size does not matter to memory."""
    with local.open("wb") as out:
        for start in range(
            0, found["size"], PIECE
        ):  # should the file be replaced meanwhile, the next piece is refused
            piece = {
                "range": (start, min(start + PIECE, found["size"])),
                "if_match": found["e_tag"],
            }
            out.write(raw.get(found["path"], options=piece).bytes())
    return local


def unchecked(raw: ObjectStore, processed: ObjectStore) -> list[RawFile]:
    """Raw files that have no report yet."""
    done = {PurePosixPath(name).stem for name in names(processed, "files")}
    return [file for file in raw_files(raw) if file.id not in done]


def reports(processed: ObjectStore) -> list[dict]:
    """What became of every raw file so far, in the order of arrival."""
    return [json.loads(read(processed, name)) for name in names(processed, "files")]
