"""The bucket `raw`: which files there are, and which of them have been checked."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NotRequired

from obstore.exceptions import InvalidPathError
from obstore.store import LocalStore, ObjectStore
from pydantic import ConfigDict
from typing_extensions import TypedDict

from core.code import code_digest
from core.documents import Count, Documents, Time
from core.layout import FILES
from core.parts import DEPARTURE
from core.storage import exists, listed, names
from processing.rows import odd_names
from processing.rows.kinds import Unreadable

if TYPE_CHECKING:
    from obstore import ObjectMeta

PIECE = 16 * 1024 * 1024
ARRIVAL = "%Y%m%dT%H%M%S%f"

CLOCKS = timedelta(minutes=5)
"""So far the clocks of storage and processing may be apart."""


@dataclass(frozen=True)
class RawFile:
    """One version of an object in the bucket `raw`."""

    path: str
    etag: str
    arrived: datetime

    @property
    def id(self) -> str:
        """The name of everything that is made from this file; sorts by arrival."""
        digest = hashlib.sha256(f"{self.path}\n{self.etag}".encode()).hexdigest()[:12]
        return f"{self.arrived:{ARRIVAL}}-{digest}"


def arrival_of(file: str) -> datetime:
    """Return when a raw file came, from its id."""
    return datetime.strptime(file.partition("-")[0], ARRIVAL).replace(tzinfo=UTC)


def file_of(part: str) -> str:
    """Return the id of the raw file that a part of rows was made from."""
    stem = part.removesuffix(DEPARTURE)
    return PurePosixPath(stem).name if stem != part else PurePosixPath(part).stem.rpartition("-")[0]


def raw_files(raw: ObjectStore) -> list[RawFile]:
    """Return every raw file, in the order of arrival.

    The key `visits/`, a folder made in a browser of S3, is listed as `visits` without content, and
    there is no object of that name.
    """
    files = [
        RawFile(item["path"], str(item["e_tag"]).strip('"'), item["last_modified"])
        for item in _listed(raw)
        if not _is_marker(item["path"]) and (item["size"] or exists(raw, item["path"]))
    ]
    return sorted(files, key=lambda file: (file.arrived, file.path))


def _listed(raw: ObjectStore) -> "list[ObjectMeta]":
    try:
        return listed(raw, "")
    except InvalidPathError:  # one name spoils the whole listing
        return odd_names.listed(raw)


def _is_marker(path: str) -> bool:
    """Return whether other programs made this for themselves, as Spark does `_SUCCESS`."""
    return path.startswith(("_", ".")) or "/_" in path or "/." in path


@contextmanager
def on_disk(raw: ObjectStore, file: RawFile, folder: Path) -> Iterator[Path]:
    """Yield a raw file on this machine's disk: itself if `raw` is a folder, otherwise a copy.

    Fails if the file was replaced meanwhile.
    """
    try:
        version = raw.head(file.path)
    except (FileNotFoundError, InvalidPathError):
        raise Unreadable(
            "There is no file of this name now. Was its name changed? It must be plain text, "
            "without line breaks and other control characters."
        ) from None
    if isinstance(raw, LocalStore):
        yield Path(str(raw.prefix)) / file.path
    else:
        yield _copy(raw, version, folder / "raw")
    raw.get(file.path, options={"if_match": version["e_tag"], "head": True})


def _copy(raw: ObjectStore, version: "ObjectMeta", local: Path) -> Path:
    """Copy piece by piece, so that the file's size does not matter to memory.

    Should the file be replaced meanwhile, the next piece is refused.
    """
    size, tag = version["size"], version["e_tag"]
    with local.open("wb") as out:
        for start in range(0, size, PIECE):
            end = min(start + PIECE, size)
            piece = raw.get(version["path"], options={"range": (start, end), "if_match": tag})
            out.write(piece.bytes())
    return local


class RowCounts(TypedDict):
    """Of the rows that came in, each was accepted or rejected."""

    rows_in: Count
    rows_accepted: Count
    rows_rejected: Count
    rows_without_outcome: Count
    reasons: dict[str, Count]


class FileReport(RowCounts):
    """What became of a raw file."""

    __pydantic_config__ = ConfigDict(extra="allow")  # pyrefly: ignore  pydantic reads it

    source: str
    etag: str
    arrived: Time
    checked: Time
    code: NotRequired[str]
    error: str | None


REPORTS = Documents(FILES, FileReport, indexed=True)

NO_ERROR = '"error": null'
"""It stands in the report of a file that could be checked, as core/storage.py writes JSON."""


def report_path(file: RawFile) -> str:
    """Return where the report of a raw file lies."""
    return f"{FILES}/{file.id}.json"


def reading_code() -> str:
    """Return the state of the code that says how files are read."""
    return code_digest("schema", "source")


def checked_files(processed: ObjectStore) -> list[str]:
    """Return the ids of all raw files that have a report."""
    return list(map(_reported, names(processed, FILES)))


def _reported(path: str) -> str:
    return path.removeprefix(f"{FILES}/").removesuffix(".json")


def unchecked(raw: ObjectStore, processed: ObjectStore) -> list[RawFile]:
    """Return the raw files that have no report yet, or failed with other code than today's."""
    return waiting(raw_files(raw), processed)


def waiting(files: list[RawFile], processed: ObjectStore) -> list[RawFile]:
    """Return those of some raw files that have no report yet, or failed with earlier code.

    Of the others' reports, which are almost all, none is parsed.
    """
    texts = REPORTS.contents(processed)
    checked = set(map(_reported, texts))
    perhaps = {path: text for path, text in texts.items() if NO_ERROR not in text}
    failed = {
        (report["source"], report["etag"])
        for report in REPORTS.parsed(perhaps)
        if report["error"] and report.get("code") != reading_code()
    }
    return [file for file in files if file.id not in checked or (file.path, file.etag) in failed]


def reports(processed: ObjectStore) -> list[FileReport]:
    """Return what became of every raw file so far, in the order of arrival.

    A report that can't be read is passed over.
    """
    return REPORTS.read_all(processed)
