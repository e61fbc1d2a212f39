"""The rows of a CSV file, in batches of text.

A batch without a quotation mark, of which each line has as many separators as the first line of
the file, is read by Polars as a whole. Any other is read line by line.
"""

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl

from processing.rows.batch import Batch, numbered
from processing.rows.header import Layout
from processing.rows.kinds import Unreadable
from processing.rows.line_by_line import MOST_TEXT, Part, Sorting

BATCH_ROWS = 250_000

BATCH_BYTES = 24 * 1024 * 1024
"""A batch has at most so many bytes; a file with a longer line is refused."""

LEAST_BYTES = 2 * MOST_TEXT
"""A batch that others follow has at least so many, so that a text of several lines ends in it."""

ALMOST_BATCH_ROWS = BATCH_ROWS * 49 // 50
"""The rows for which a batch is read; where lines differ, it has a few more or less."""

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

    def reads(self) -> Iterator[Callable[[], Batch]]:
        """Yield for each batch what reads it; threads may do so for several at once."""
        start, row, size, self.lines = self.layout.start, 1, LEAST_BYTES, 0
        whole = self.local.stat().st_size
        with self.local.open("rb") as file:
            while content := self._content(file, start, size):
                marks = self._marks(content)
                lines = ends(marks, self.layout.end)
                if lines > BATCH_ROWS:
                    content, marks = (
                        text[: _after(text, self.layout.end, BATCH_ROWS)]
                        for text in (content, marks)
                    )
                    lines = BATCH_ROWS
                part = Part(content, row, self.layout.lines + self.lines + 1)
                refuse_other_encodings(part)
                if b'"' in marks:
                    sorting = self._sorted(part, goes_on=start + len(content) < whole)
                    yield partial(sorting.batch, self._table)
                    used, rows = sorting.used, sorting.rows
                    lines = ends(content[:used], self.layout.end)
                else:
                    yield partial(self._unquoted, part, marks)
                    used, rows = len(content), lines
                start, row, self.lines = start + used, row + rows, self.lines + lines
                size = min(BATCH_BYTES, max(LEAST_BYTES, used // lines * ALMOST_BATCH_ROWS))

    def _content(self, file: BinaryIO, start: int, size: int) -> bytes:
        """Read whole lines. The last one of the file, too, ends as the others do."""
        end, back = self.layout.end, min(PIECE, size)
        file.seek(start + size - back)
        tail = file.read(back)
        left = len(tail) - (tail.rfind(end) + 1) if len(tail) == back else 0
        file.seek(start)
        content = file.read(size - left)
        if len(tail) < back:
            return content if not content or content.endswith(end) else content + end
        if left < back or end in content:
            return content[: content.rfind(end) + 1]
        if size < BATCH_BYTES:
            return self._content(file, start, BATCH_BYTES)
        raise Unreadable(
            f"Its line {self.layout.lines + self.lines + 1:,} is longer than "
            f"{BATCH_BYTES // 1024**2} MB. Add CSV with a line for each row."
        )

    def _sorted(self, part: Part, goes_on: bool = False) -> Sorting:
        return Sorting(self.layout, self.places, part, goes_on)

    def _unquoted(self, part: Part, marks: bytes) -> Batch:
        content = part.content
        if b"\r" in marks:
            content = content.replace(b"\r\n" if self.layout.end == b"\n" else b"\r", b"\n")
            marks = self._marks(content)
        if self._is_regular(content, marks):
            rows = numbered(self._table(content), part.row)
            return Batch(rows, len(rows))
        return self._sorted(part).batch(self._table)

    def _marks(self, content: bytes) -> bytes:
        """Return separators, line ends, quotation marks and zero bytes, without all between them.

        Piece by piece, each of which fits into the processor's cache.
        """
        others = bytes(set(range(256)) - set(self.layout.separator + b'\n\r\0"'))
        pieces = range(0, len(content), PIECE)
        return b"".join(content[at : at + PIECE].translate(None, others) for at in pieces)

    def _is_regular(self, content: bytes, marks: bytes) -> bool:
        """Return whether all lines have the right number of separators and no zero byte."""
        fields = len(self.layout.names)
        line = self.layout.separator * (fields - 1) + b"\n"
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
