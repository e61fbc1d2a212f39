"""The rows of a CSV file, in batches of text.

A batch without a quotation mark, of which each line has as many separators as the first line of
the file, is read by Polars as a whole. Any other is read line by line.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl

from processing.rows.batch import Batch, numbered
from processing.rows.header import Layout
from processing.rows.kinds import Unreadable
from processing.rows.line_by_line import Part, Sorting

BATCH_ROWS = 250_000

BATCH_BYTES = 24 * 1024 * 1024
"""A batch has at most so many bytes; a file with a longer line is refused."""

PIECE = 256 * 1024

UNUSED_IN_1252 = b"\x81\x8d\x8f\x90\x9d"
"""Bytes that Windows-1252 has no character for."""


@dataclass
class CsvFile:
    """A CSV file with the places of its columns; `lines` are counted apart from any parser."""

    local: Path
    layout: Layout
    places: dict[str, int]
    lines: int = 0

    @property
    def names(self) -> list[str]:
        """All names that its columns have."""
        return self.layout.names

    def has(self, mark: bytes) -> bool:
        """Return whether this byte stands anywhere below the names."""
        return any(mark in piece for piece in self._pieces())

    def _pieces(self) -> Iterator[bytes]:
        with self.local.open("rb") as file:
            file.seek(self.layout.start)
            yield from iter(partial(file.read, PIECE), b"")

    def batches(self) -> Iterator[Batch]:
        """Yield batch after batch."""
        start, row, used, self.lines = self.layout.start, 1, BATCH_BYTES, 0
        with self.local.open("rb") as file:
            while content := self._content(file, start, min(used + PIECE, BATCH_BYTES)):
                cut, lines = self._cut(content)
                part = Part(content[:cut], row, self.layout.lines + self.lines + 1)
                refuse_other_encodings(part)
                if b'"' in part.content:
                    sorting = self._sorted(part, goes_on=len(content) >= BATCH_BYTES)
                    yield sorting.batch(self._table)
                    used, rows = sorting.used, sorting.rows
                    lines = ends(content[:used], self.layout.end)
                else:
                    yield self._unquoted(part)
                    used, rows = cut, lines
                start, row, self.lines = start + used, row + rows, self.lines + lines

    def _content(self, file: BinaryIO, start: int, size: int) -> bytes:
        """Read what follows. The last line, too, ends as the others do."""
        file.seek(start)
        content = file.read(size)
        if len(content) < size:
            whole = not content or content.endswith(self.layout.end)
            return content if whole else content + self.layout.end
        if self.layout.end not in content and size < BATCH_BYTES:
            return self._content(file, start, BATCH_BYTES)
        return content

    def _cut(self, content: bytes) -> tuple[int, int]:
        """Return where the last whole line of a batch ends, and how many lines there are."""
        end = self.layout.end
        lines = ends(content, end)
        if lines > BATCH_ROWS:
            return _after(content, end, BATCH_ROWS), BATCH_ROWS
        if lines:
            return content.rfind(end) + 1, lines
        raise Unreadable(
            f"Its line {self.layout.lines + self.lines + 1:,} is longer than "
            f"{BATCH_BYTES // 1024**2} MB. Add CSV with a line for each row."
        )

    def _sorted(self, part: Part, goes_on: bool = False) -> Sorting:
        return Sorting(self.layout, self.places, part, goes_on)

    def _unquoted(self, part: Part) -> Batch:
        content = part.content
        if b"\r" in content:
            content = content.replace(b"\r\n" if self.layout.end == b"\n" else b"\r", b"\n")
        if self._is_regular(content):
            rows = numbered(self._table(content), part.row)
            return Batch(rows, len(rows))
        return self._sorted(part).batch(self._table)

    def _is_regular(self, content: bytes) -> bool:
        """Return whether all lines have the right number of separators and no zero byte."""
        separator, fields = self.layout.separator, len(self.layout.names)
        others = bytes(set(range(256)) - set(separator + b"\n\r\0"))
        line = separator * (fields - 1) + b"\n"
        pieces = range(0, len(content), PIECE)
        marks = b"".join(content[at : at + PIECE].translate(None, others) for at in pieces)
        blank = fields == 1 and (content.startswith(b"\n") or b"\n\n" in content)
        return marks == line * (len(marks) // fields) and not blank

    def _table(self, content: bytes) -> pl.DataFrame:
        """Read lines that are regular."""
        used = sorted(self.places.items(), key=lambda place: place[1])
        table = pl.read_csv(
            content,
            has_header=False,
            schema={f"column_{number + 1}": pl.String for number in range(len(self.layout.names))},
            columns=[place for _, place in used],
            separator=self.layout.separator.decode(),
            quote_char=None,
        )
        table.columns = [name for name, _ in used]
        return table


def ends(content: bytes, end: bytes) -> int:
    """Count the line ends; `bytes.count` takes three times as long."""
    values, pieces = np.frombuffer(content, np.uint8), range(0, len(content), PIECE)
    return sum(int(np.count_nonzero(values[at : at + PIECE] == end[0])) for at in pieces)


def _after(content: bytes, end: bytes, number: int) -> int:
    """Return where the line of this number ends."""
    start = 0
    while (within := ends(content[start : start + PIECE], end)) < number:
        start, number = start + PIECE, number - within
    piece = np.frombuffer(content[start : start + PIECE], np.uint8)
    return start + int(np.flatnonzero(piece == end[0])[number - 1]) + 1


def refuse_other_encodings(part: Part) -> None:
    """Raise Unreadable if a part of a file is no UTF-8."""
    if part.content.isascii():
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(part.content), PIECE):
            decoder.decode(part.content[start : start + PIECE])
    except UnicodeDecodeError as error:
        wrong = error.object[error.start :]
        line = part.line + part.content[: part.content.find(wrong)].count(b"\n")
        raise Unreadable(
            f"It is not UTF-8 (line {line:,}){guess(wrong)}. Save it as UTF-8."
        ) from error


def guess(wrong: bytes) -> str:
    """Return what bytes that are no UTF-8 look like; it can't be told for sure."""
    odd = wrong.translate(None, bytes(range(128)))
    looks_so = not set(odd) & set(UNUSED_IN_1252)
    return "; it looks like Windows-1252" if looks_so else ""
