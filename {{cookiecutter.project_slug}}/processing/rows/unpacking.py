"""Raw files unpacked and in UTF-8, on this machine's disk."""

import bz2
import codecs
import gzip
import lzma
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from processing.rows.kinds import (
    PARQUET,
    Unreadable,
    packing,
    refuse_other_kinds,
    start_of,
)

PIECE = 1024 * 1024

MOST_TIMES_LARGER = 200
"""A file that unpacks to more times its size is refused: it may be made to fill a disk."""

ALWAYS_ALLOWED = 64 * PIECE
"""A file may always unpack to so many bytes; small files of equal rows shrink a thousandfold."""

OPENERS = {"gzip": gzip.open, "bz2": bz2.open, "xz": lzma.open}
BROKEN = (EOFError, OSError, zlib.error, lzma.LZMAError)

MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""How texts in other encodings begin; longer marks first, because they begin with shorter ones."""


def plain(local: Path, folder: Path) -> Path:
    """Return the file itself, or a copy in `folder` that is unpacked and in UTF-8."""
    start = start_of(local)
    if how := packing(start):
        local = _written(_unpacked(local, how), folder / "unpacked")
        start = start_of(local)
        if packing(start):
            raise Unreadable("It is packed twice. Unpack it once and add that.")
    refuse_other_kinds(start, local)
    if start.startswith(PARQUET):
        return local
    encoding = _encoding(start)
    return _written(_recoded(local, encoding), folder / "recoded") if encoding else local


def _written(pieces: Iterable[bytes], local: Path) -> Path:
    with local.open("wb") as out:
        out.writelines(pieces)
    return local


def _unpacked(local: Path, how: str) -> Iterator[bytes]:
    most = max(ALWAYS_ALLOWED, MOST_TIMES_LARGER * local.stat().st_size)
    length = 0
    with local.open("rb") as file:
        for piece in _pieces(file, how):
            length += len(piece)
            if length > most:
                raise Unreadable(
                    f"It unpacks to more than {MOST_TIMES_LARGER} times its size. Add it unpacked."
                )
            yield piece


def _pieces(file: BinaryIO, how: str) -> Iterator[bytes]:
    """Yield what a packed file holds, to its end. Raises Unreadable if that is missing."""
    file.read(1)  # a disk that fails does so here, and is no fault of the file
    file.seek(0)
    try:
        opened = OPENERS[how](file) if how in OPENERS else pa.CompressedInputStream(file, how)
        with opened:
            while piece := opened.read(PIECE):
                yield piece
    except BROKEN as error:
        raise Unreadable(
            f"It is broken off, or damaged: what is packed with {how} does not come to its end. "
            "Add it again."
        ) from error


def _encoding(start: bytes) -> str | None:
    """Return in what a text is encoded, if that can be told for sure and is not UTF-8."""
    marked = next((name for mark, name in MARKS.items() if start.startswith(mark)), None)
    if marked or b"\0" not in start:
        return marked
    first, second = start[0::2], start[1::2]
    if b"\0" not in first and second.count(0) > len(second) / 2:
        return "utf-16-le"
    if b"\0" not in second and first.count(0) > len(first) / 2:
        return "utf-16-be"
    if b"\0" not in start.partition(b"\n")[0]:
        return None
    raise Unreadable("It is no text: there are zero bytes in it. Add CSV or Parquet.")


def _recoded(local: Path, encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with local.open("rb") as file:
            while piece := file.read(PIECE):
                yield decoder.decode(piece).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        raise Unreadable(
            f"It begins as {encoding.upper()} and does not go on so. Save it as UTF-8."
        ) from error
