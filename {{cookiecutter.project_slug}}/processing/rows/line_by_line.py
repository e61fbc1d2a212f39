"""Lines of a CSV file that need a closer look: what is no row costs itself and no other."""

import csv
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from processing.rows.batch import Batch, refused
from processing.rows.contract import ROW
from processing.rows.header import Layout

MOST_TEXT = 1024 * 1024
"""A text in quotation marks ends within so many bytes; otherwise its first mark is a stray one."""

TOO_MANY = "too many fields in this line"
TOO_FEW = "too few fields in this line"
NOT_CLOSED = "a quotation mark that opens a text and is not closed"
NOT_DOUBLED = "a quotation mark inside a quoted text; it must be doubled"
SWALLOWING = "quotation marks that would make one text of several rows"
BREAK = "a line break of another kind inside the line"
ZERO = "a zero byte, which is no text"
TOO_LONG = "a text of more than 1 MB"

PROBLEMS = {
    "unexpected end of data": NOT_CLOSED,
    "expected after": NOT_DOUBLED,
    "new-line": BREAK,
    "field larger": TOO_LONG,
}
"""What the csv module says, and the reason that it is."""


@dataclass(frozen=True)
class Part:
    """Whole lines of a file, and the numbers of their first row and line, counted from 1."""

    content: bytes
    row: int
    line: int


class Problem(Exception):
    """A line that is no row; the text is the reason."""


class Sorting:
    """Regular lines, quoted records and refused lines of a part.

    A text whose end is not in the part is left for the next one if the file `goes_on`; `used` says
    how many bytes have been dealt with, and `rows` how many numbers they took.
    """

    def __init__(self, layout: Layout, places: dict[str, int], part: Part, goes_on: bool):
        csv.field_size_limit(MOST_TEXT)
        self.layout, self.places, self.part, self.goes_on = layout, places, part, goes_on
        self.lines = part.content.split(layout.end)[:-1]
        self.odd = [place for place, line in enumerate(self.lines) if line.count(b'"') % 2]
        self.rows, self.regular, self.records, self.refused = 0, [], [], []
        self.place = 0
        while self.place < len(self.lines) and (taken := self._take()):
            self.place += taken
        self.used = sum(map(len, self.lines[: self.place])) + self.place * len(layout.end)

    def batch(self, table: Callable[[bytes], pl.DataFrame]) -> Batch:
        """Return what has been sorted; `table` reads regular lines."""
        return Batch(self._table(table), self.place, refused(self.refused))

    def _table(self, table: Callable[[bytes], pl.DataFrame]) -> pl.DataFrame:
        schema = {ROW: pl.UInt32} | dict.fromkeys(self.places, pl.String)
        together = pl.DataFrame(self.records, schema=schema, orient="row")
        if self.regular:
            content = b"".join(line.removesuffix(b"\r") + b"\n" for _, line in self.regular)
            place = pl.Series(ROW, [row for row, _ in self.regular], dtype=pl.UInt32)
            regular = table(content).insert_column(0, place).select(list(schema))
            together = pl.concat([together, regular]).sort(ROW)
        return together

    def _take(self) -> int:
        """Deal with the next row. Returns how many lines it has; none if its end is not here."""
        line = self.lines[self.place]
        if b'"' in line:
            return self._take_quoted()
        if line.strip(self.layout.separator + b" \r"):
            self._take_unquoted(line)
        self.rows += 1
        return 1

    def _take_unquoted(self, line: bytes) -> None:
        separators, right = line.count(self.layout.separator), len(self.layout.names) - 1
        if separators != right:
            self._refuse(TOO_MANY if separators > right else TOO_FEW)
        elif b"\0" in line:
            self._refuse(ZERO)
        elif b"\r" in line.removesuffix(b"\r") or b"\n" in line:
            self._refuse(BREAK)
        else:
            self.regular.append((self.part.row + self.rows, line))

    def _take_quoted(self) -> int:
        try:
            self._keep(self._fields(1))
        except Problem as problem:
            reason = str(problem)
            if reason == NOT_CLOSED and (length := self._length()) != 1:
                return self._take_several(length)
            self._refuse(reason)
        self.rows += 1
        return 1

    def _length(self) -> int:
        """Return of how many lines the row is: to the next odd mark; 0 if that is not here."""
        following = bisect_right(self.odd, self.place)
        if following == len(self.odd):
            rest = sum(map(len, self.lines[self.place :]))
            return 0 if self.goes_on and self.place and rest < MOST_TEXT else 1
        length = self.odd[following] - self.place + 1
        within = self.lines[self.place : self.place + length]
        return length if sum(map(len, within)) < MOST_TEXT else 1

    def _take_several(self, length: int) -> int:
        """Take a text of several lines, if the row that it makes has the right number of fields."""
        if not length:
            return 0
        try:
            fields = self._fields(length)
        except Problem:
            self._refuse(NOT_CLOSED)
            self.rows += 1
            return 1
        if self._looks_like_rows(length):
            for further in range(length):
                self._refuse(SWALLOWING, further)
            self.rows += length
        else:
            self._keep(fields)
            self.rows += 1
        return length

    def _looks_like_rows(self, length: int) -> bool:
        """Return whether each line would be a row by itself: the marks may be stray ones."""
        right = len(self.layout.names) - 1
        return all(
            line.count(self.layout.separator) == right
            for line in self.lines[self.place : self.place + length]
        )

    def _fields(self, length: int) -> list[str]:
        """Return the fields of the row of so many lines. Raises Problem."""
        content = self.layout.end.join(self.lines[self.place : self.place + length])
        if b"\0" in content:
            raise Problem(ZERO)
        text = content.removesuffix(b"\r").decode()
        try:
            (fields,) = csv.reader([text], delimiter=self.layout.separator.decode(), strict=True)
        except csv.Error as error:
            raise Problem(
                next(reason for said, reason in PROBLEMS.items() if said in str(error))
            ) from error
        if len(fields) != len(self.layout.names):
            raise Problem(TOO_MANY if len(fields) > len(self.layout.names) else TOO_FEW)
        return fields

    def _keep(self, fields: list[str]) -> None:
        values = [fields[place] or None for place in self.places.values()]
        self.records.append((self.part.row + self.rows, *values))

    def _refuse(self, reason: str, further: int = 0) -> None:
        text = self.lines[self.place + further].decode()
        line = self.part.line + self.place + further
        self.refused.append((self.part.row + self.rows + further, line, text, reason))
