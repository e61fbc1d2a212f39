"""The rows of a CSV file, in batches of text.

A batch without a quotation mark, of which each line has as many separators as the first line of
the file, is read by Polars as a whole. Any other is read line by line.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from processing.rows.batch import Batch, Read, numbered
from processing.rows.header import Layout
from processing.rows.kinds import Unreadable
from processing.rows.line_by_line import Part, Sorting

BATCH_ROWS = 250_000

BATCH_BYTES = 32 * 1024 * 1024
"""A batch has at most so many bytes; a file with a longer line is refused."""

PIECE = 1024 * 1024

UNUSED_IN_1252 = b"\x81\x8d\x8f\x90\x9d"
"""Bytes that Windows-1252 has no character for."""


@dataclass
class CsvFile:
    """A CSV file with the places of its columns; `lines` counts what has come from the disk."""

    local: Path
    layout: Layout
    places: dict[str, int]
    lines: int = 0

    @property
    def names(self) -> list[str]:
        """All names that its columns have."""
        return self.layout.names

    def has(self, mark: bytes) -> bool:
        """Whether this byte stands anywhere in the file."""
        with self.local.open("rb") as file:
            return any(mark in piece for piece in iter(partial(file.read, PIECE), b""))

    def batches(self) -> Iterator[Read]:
        """Yield what makes each batch."""
        self.lines, rest, row, line = 0, b"", 1, self.layout.lines + 1
        with self.local.open("rb") as file:
            file.seek(self.layout.start)
            while content := rest + self._more(file, BATCH_BYTES - len(rest)):
                part = Part(content[: self._cut(content, line)], row, line)
                if b'"' in part.content:
                    sorting = self._sorted(part, goes_on=len(content) >= BATCH_BYTES)
                    batch, used, rows = sorting.batch(self._table), sorting.used, sorting.rows
                    yield partial(_same, batch)
                    lines = batch.lines
                else:
                    used = len(part.content)
                    rows = lines = part.content.count(self.layout.end)
                    yield partial(self._unquoted, part)
                rest, row, line = content[used:], row + rows, line + lines

    def _more(self, file, size: int) -> bytes:
        """Read on. The last line, too, ends as the others do."""
        more = file.read(size)
        if len(more) < size and more and not more.endswith(self.layout.end):
            more += self.layout.end
        self.lines += more.count(self.layout.end)
        return more

    def _cut(self, content: bytes, line: int) -> int:
        """Return where the last whole line of a batch ends."""
        end = self.layout.end
        if content.count(end) > BATCH_ROWS:
            ends = np.flatnonzero(np.frombuffer(content, np.uint8) == end[0])
            return int(ends[BATCH_ROWS - 1]) + 1
        if cut := content.rfind(end) + 1:
            return cut
        raise Unreadable(
            f"Its line {line:,} is longer than {BATCH_BYTES // PIECE} MB. "
            "Add CSV with a line for each row."
        )

    def _sorted(self, part: Part, goes_on: bool = False) -> Sorting:
        refuse_other_encodings(part)
        return Sorting(self.layout, self.places, part, goes_on)

    def _unquoted(self, part: Part) -> Batch:
        refuse_other_encodings(part)
        end = self.layout.end
        content = part.content.replace(b"\r\n" if end == b"\n" else end, b"\n")
        if self._is_regular(content):
            rows = numbered(self._table(content), part.row)
            return Batch(rows, len(rows))
        return self._sorted(part).batch(self._table)

    def _is_regular(self, content: bytes) -> bool:
        """Whether each line has the right number of separators, and none a break or a zero byte."""
        separator, fields = self.layout.separator, len(self.layout.names)
        others = bytes(set(range(256)) - set(separator + b"\n\r\0"))
        line = separator * (fields - 1) + b"\n"
        marks = content.translate(None, others)
        blank = fields == 1 and (content.startswith(b"\n") or b"\n\n" in content)
        return marks == line * content.count(b"\n") and not blank

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


def _same(batch: Batch) -> Batch:
    return batch


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
