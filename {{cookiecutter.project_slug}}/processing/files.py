"""Raw files: what they are, and their content in batches of text or typed columns."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
from obstore.store import ObjectStore

from processing.contract import ROW

BATCH_ROWS = 200_000


class Unreadable(Exception):
    """A file that holds no rows of ours; the text says why."""


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
    listed = [item for batch in raw.list() for item in batch]
    files = [RawFile(item["path"], item["e_tag"].strip('"'), item["last_modified"]) for item in listed]
    return sorted(files, key=lambda file: (file.arrived, file.path))


def download(raw: ObjectStore, file: RawFile, folder: Path) -> Path:
    """Copy a raw file to a local folder, piece by piece, so that its size does not matter to memory."""
    local = folder / "raw"
    with local.open("wb") as out:
        for piece in raw.get(file.path).stream(min_chunk_size=8 * 1024 * 1024):
            out.write(piece)
    return local


def batches(local: Path, expected: set[str]) -> Iterator[pl.DataFrame]:
    """The rows of a CSV or Parquet file with the column ROW in front. Raises Unreadable.

    CSV comes as text, so that one bad value spoils its row and not its file.
    """
    table = _scan(local)
    try:
        found = set(table.collect_schema().names())
        if not found & expected:
            raise Unreadable(f"It has none of the columns {', '.join(sorted(expected))}.")
        numbered = table.select(sorted(found & expected)).with_row_index(ROW, offset=1)
        yield from numbered.collect_batches(chunk_size=BATCH_ROWS)
    except pl.exceptions.PolarsError as error:
        raise Unreadable(f"It can't be read as CSV or Parquet: {str(error).splitlines()[0]}") from error


def _scan(local: Path) -> pl.LazyFrame:
    with local.open("rb") as file:
        start = file.read(4)
    if not start.strip():
        raise Unreadable("It is empty.")
    if start == b"PAR1":
        return pl.scan_parquet(local)
    return pl.scan_csv(local, infer_schema=False, encoding="utf8-lossy", truncate_ragged_lines=True)
