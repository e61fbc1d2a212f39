"""A raw file's rows on this machine's disk until it has been read to its end; then they are stored.

So memory does not grow with the file (but for an index of 21 bytes a row), and storage gets nothing
of a file that was read in half. The same file always gives objects of the same names and contents.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import polars as pl
from obstore.store import ObjectStore

from core.layout import REJECTED, ROWS
from core.parts import DEPARTURE, is_merged, parts
from core.tables import (
    COMPRESSION_LEVEL,
    STORED_COLUMNS,
    TIME,
    months,
    newest_time,
    write_parquet,
)
from processing.rows import pieces as pieces_on_disk
from processing.rows import repeats
from processing.rows.contract import ROW
from processing.rows.pieces import Piece
from processing.rows.raw import RawFile, RowCounts


@dataclass(frozen=True)
class Written:
    """What came of a batch: checked rows by month, rejected rows, how often for which reason."""

    months: dict[str, Piece]
    rejected: list[Piece]
    reasons: dict[str, int]


@dataclass
class Scratch:
    """What comes of a file: checked rows by month, rejected rows, how often for which reason.

    `departures` are rows that were stored in another month before.
    """

    folder: Path
    file: RawFile
    months: dict[str, list[Piece]] = field(default_factory=dict)
    rejected: list[Piece] = field(default_factory=list)
    reasons: Counter = field(default_factory=Counter)
    departures: dict[str, pl.DataFrame] = field(default_factory=dict)
    is_whole: bool = False

    def write(self, good: pl.DataFrame, bad: pl.DataFrame) -> Written:
        """Write a batch to local files; several threads may do so at once.

        Checked rows and rejected ones have a column ROW; the latter a list of reasons and their
        content as JSON.
        """
        of_months = {month: self._checked(month, rows) for month, rows in by_month(good)}
        return Written(of_months, self._rejected(bad), _reasons(bad))

    def take(self, written: Written) -> None:
        """Count a batch in; the order of the batches is that of the file."""
        for month, piece in written.months.items():
            self.months.setdefault(month, []).append(piece)
        self.rejected += written.rejected
        self.reasons.update(written.reasons)

    def reject_repeats(self, processed: ObjectStore) -> None:
        """Reject rows that stand in the file twice, or that other files brought the same."""
        if not self.months:
            return
        pieces = self._pieces()
        by_reason = repeats.within_file(
            self._index(pieces), partial(pieces_on_disk.outcomes_at, pieces)
        )
        for reason, places in by_reason.items():
            self._reject(pieces, places, reason)
        if TIME == "arrived":
            self._move_to_first_arrival(processed)
        for month, pieces in self.months.items():
            stored = self._stored(processed, month)
            repeated = repeats.without_news(self._index(pieces), processed, stored)
            self._reject(pieces, repeated, repeats.KNOWN)
        if repeats.MAY_MOVE:
            self._note_departures(processed)

    def _note_departures(self, processed: ObjectStore) -> None:
        """Find rows that are stored in another month: of those, only the newest version counts."""
        for month, pieces in self.months.items():
            keys = pieces_on_disk.first_key(pieces)
            for other in months(processed):
                stored = [] if other == month else self._stored(processed, other)
                stored = [part for part in stored if repeats.may_hold(processed, part, keys)]
                if stored:
                    arriving, poorer = repeats.moved(self._index(pieces), processed, stored)
                    self._reject(pieces, poorer, repeats.KNOWN)
                    if len(arriving):
                        self.departures[other] = pieces_on_disk.rows_at(pieces, arriving)

    def _move_to_first_arrival(self, processed: ObjectStore) -> None:
        """Without event times, keep a row that comes again in the month in which it first came."""
        pieces = self._pieces()
        for month in sorted(set(months(processed)) - set(self.months)):
            first = repeats.arrivals(processed, self._stored(processed, month))
            again = repeats.told_apart(self._index(pieces)).join(first, on="key")
            for piece in pieces:
                here = piece.index[ROW].is_in(again[ROW].implode())
                if here.any():
                    rows, index = pieces_on_disk.cut(piece, here)
                    arrival = index.join(again, on=ROW, how="left", maintain_order="left")[TIME]
                    moved = self._piece(month, rows.with_columns(arrival), index)
                    self.months.setdefault(month, []).append(moved)

    def _pieces(self) -> list[Piece]:
        return [piece for pieces in self.months.values() for piece in pieces]

    def _index(self, pieces: list[Piece]) -> pl.DataFrame:
        return pl.concat([piece.index for piece in pieces])

    def _stored(self, processed: ObjectStore, month: str) -> list[str]:
        """Return the stored parts of a month, without those of a broken attempt at this file."""
        of_month = parts(processed, month)
        return [part for part in of_month if is_merged(part) or self.file.id not in part]

    def store(self, processed: ObjectStore) -> None:
        """Store all that was kept, in parts of PART_ROWS at most."""
        for month, pieces in self.months.items():
            pieces_on_disk.store(processed, f"{ROWS}/month={month}/{self.file.id}", pieces)
        for month, rows in self.departures.items():
            write_parquet(processed, f"{ROWS}/month={month}/{self.file.id}{DEPARTURE}", rows)
        pieces_on_disk.store(processed, f"{REJECTED}/{self.file.id}", self.rejected)

    def counts(self) -> RowCounts:
        """Return the figures of the file's report."""
        accepted = [piece.index for piece in self._pieces()]
        rows_accepted = sum(map(len, accepted))
        rows_rejected = sum(len(piece.index) for piece in self.rejected)
        return {
            "rows_in": rows_accepted + rows_rejected,
            "rows_accepted": rows_accepted,
            "rows_rejected": rows_rejected,
            "rows_without_outcome": sum(int(index["blank"].sum()) for index in accepted),
            "reasons": dict(sorted(self.reasons.items())),
        }

    def _checked(self, month: str, rows: pl.DataFrame) -> Piece:
        index = repeats.index(rows).insert_column(0, rows[ROW])
        return self._piece(month, rows.select(STORED_COLUMNS), index)

    def _rejected(self, rows: pl.DataFrame) -> list[Piece]:
        if not len(rows):
            return []
        with_source = rows.with_columns(source=pl.lit(self.file.path))
        return [self._piece("rejected", with_source, rows.select(ROW))]

    def _piece(self, kind: str, rows: pl.DataFrame, index: pl.DataFrame) -> Piece:
        local = self.folder / f"{kind}-{index[ROW][0]}"
        rows.write_parquet(local, compression="zstd", compression_level=COMPRESSION_LEVEL)
        return Piece(local, index)

    def _reject(self, pieces: list[Piece], places: pl.Series, reason: str) -> None:
        """Reject the rows with these ROW."""
        for piece in pieces if len(places) else []:
            out = piece.index[ROW].is_in(places.implode())
            if out.any():
                rows, index = pieces_on_disk.cut(piece, out)
                content = rows.select(content=pl.struct(pl.all()).struct.json_encode())
                reasons = pl.lit([reason], dtype=pl.List(pl.String))
                rejected = index.select(ROW, reason=reasons).hstack(content)
                self.take(Written({}, self._rejected(rejected), _reasons(rejected)))


def _reasons(rejected: pl.DataFrame) -> dict[str, int]:
    return dict(rejected["reason"].explode().value_counts().iter_rows())


def by_month(rows: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield the rows of each month of the event, such as `2013-01`."""
    if not len(rows):
        return
    first, last = rows[TIME].min(), newest_time(rows[TIME])
    if f"{first:%Y-%m}" == f"{last:%Y-%m}":
        yield f"{last:%Y-%m}", rows
        return
    for (start,), of_month in rows.group_by(pl.col(TIME).dt.truncate("1mo"), maintain_order=True):
        yield f"{start:%Y-%m}", of_month
