"""The bucket `raw`: which files there are, and which of them have been checked."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from obstore.store import LocalStore, ObjectStore

from core.layout import FILES
from core.storage import listed, names, read_json

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
        RawFile(item["path"], str(item["e_tag"]).strip('"'), item["last_modified"])
        for item in listed(raw, "")
    ]
    return sorted(files, key=lambda file: (file.arrived, file.path))


@contextmanager
def on_disk(raw: ObjectStore, file: RawFile, folder: Path) -> Iterator[Path]:
    """A raw file on this machine's disk: in its place if `raw` is a folder, otherwise a copy.

    Fails if the file was replaced meanwhile.
    """
    found = raw.head(file.path)
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
    done = {PurePosixPath(name).stem for name in names(processed, FILES)}
    return [file for file in raw_files(raw) if file.id not in done]


def reports(processed: ObjectStore) -> list[dict]:
    """What became of every raw file so far, in the order of arrival."""
    return [read_json(processed, name) for name in names(processed, FILES)]
