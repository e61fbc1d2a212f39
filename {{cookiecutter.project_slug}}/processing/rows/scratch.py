"""What becomes of a raw file, on this machine's disk until it has been read to its end; then it is stored.

So memory does not grow with the file (but for an index of 29 bytes a row), and storage gets nothing of a file that
was read in half. The same file always gives objects of the same names and contents.
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from obstore.store import ObjectStore

from core.layout import REJECTED, ROWS
from core.tables import COMPRESSION_LEVEL, ROW_COLUMNS, TIME, months, parts, write_parquet
from processing.rows import repeats
from processing.rows.contract import ROW
from processing.rows.raw import RawFile

PART_ROWS = 250_000
"""How many rows a stored part has at most: what readers hold in memory at a time."""


@dataclass
class Piece:
    """Rows of one month in a local file; `index` has a line for each of them, in their order."""

    local: Path
    index: pl.DataFrame


@dataclass(frozen=True)
class Written:
    """What became of one batch: checked rows by month, rejected rows, and how often each reason was given."""

    months: dict[str, Piece]
    rejected: list[Piece]
    reasons: dict[str, int]


@dataclass
class Scratch:
    """Checked rows by month, rejected rows, and how often each reason was given."""

    folder: Path
    file: RawFile
    months: dict[str, list[Piece]] = field(default_factory=dict)
    rejected: list[Piece] = field(default_factory=list)
    reasons: Counter = field(default_factory=Counter)
    is_whole: bool = False

    def write(self, good: pl.DataFrame, bad: pl.DataFrame) -> Written:
        """Write a batch to local files; several threads may do so at once.

        Checked rows and rejected ones have a column ROW; the latter a list of reasons and their content as JSON.
        """
        months = {month: self._checked(month, of_month) for month, of_month in by_month(good)}
        return Written(months, self._rejected(bad), _reasons(bad))

    def take(self, written: Written) -> None:
        """Count a batch in; the order of the batches is that of the file."""
        for month, piece in written.months.items():
            self.months.setdefault(month, []).append(piece)
        self.rejected += written.rejected
        self.reasons.update(written.reasons)

    def reject_repeats(self, processed: ObjectStore) -> None:
        """Take out rows that stand in the file twice, or that others have brought already without a difference."""
        if self.months:
            twice = repeats.within(
                pl.concat([piece.index for pieces in self.months.values() for piece in pieces])
            )
            for pieces in self.months.values():
                for reason, listed in twice.items():
                    self._take_out(pieces, listed, reason)
        if TIME == "arrived":
            self._move_to_first_arrival(processed)
        for month, pieces in self.months.items():
            others = self._others(processed, month)
            known = repeats.known(pl.concat([piece.index for piece in pieces]), processed, others)
            self._take_out(pieces, known, "known already")

    def _move_to_first_arrival(self, processed: ObjectStore) -> None:
        """Without event times, a row that comes again stays in the month in which it first came, and counts once."""
        came = [piece for pieces in self.months.values() for piece in pieces]
        for month in set(months(processed)) - set(self.months):
            first = repeats.arrivals(processed, self._others(processed, month))
            for piece in came:
                again = piece.index["key"].is_in(first["key"].implode())
                if again.any():
                    rows, index = _cut(piece, again)
                    rows = rows.with_columns(
                        index.join(first, on="key", how="left", maintain_order="left")[TIME]
                    )
                    self.months.setdefault(month, []).append(self._piece(month, rows, index))

    def _others(self, processed: ObjectStore, month: str) -> list[str]:
        """The stored parts of a month, without those of a broken attempt at this file."""
        return [part for part in parts(processed, month) if self.file.id not in part]

    def store(self, processed: ObjectStore) -> None:
        """Store all that was kept, in parts of PART_ROWS at most."""
        for month, pieces in self.months.items():
            _store(processed, f"{ROWS}/month={month}/{self.file.id}", pieces)
        _store(processed, f"{REJECTED}/{self.file.id}", self.rejected)

    def counts(self) -> dict:
        """The figures of the file's report."""
        kept = [piece.index for pieces in self.months.values() for piece in pieces]
        accepted, rejected = sum(map(len, kept)), sum(len(piece.index) for piece in self.rejected)
        return {
            "rows_in": accepted + rejected,
            "rows_accepted": accepted,
            "rows_rejected": rejected,
            "rows_without_outcome": sum(index["blank"].sum() for index in kept),
            "reasons": dict(sorted(self.reasons.items())),
        }

    def _checked(self, month: str, rows: pl.DataFrame) -> Piece:
        return self._piece(
            month, rows.select(ROW_COLUMNS), repeats.index(rows).insert_column(0, rows[ROW])
        )

    def _rejected(self, rows: pl.DataFrame) -> list[Piece]:
        source = pl.lit(self.file.path)
        return (
            [self._piece("rejected", rows.with_columns(source=source), rows.select(ROW))]
            if len(rows)
            else []
        )

    def _piece(self, kind: str, rows: pl.DataFrame, index: pl.DataFrame) -> Piece:
        local = self.folder / f"{kind}-{index[ROW][0]}"
        rows.write_parquet(local, compression="zstd", compression_level=COMPRESSION_LEVEL)
        return Piece(local, index)

    def _take_out(self, pieces: list[Piece], listed: pl.Series, reason: str) -> None:
        """Reject the rows that are listed by their ROW."""
        for piece in pieces if len(listed) else []:
            rows, index = _cut(piece, piece.index[ROW].is_in(listed.implode()))
            content = rows.select(content=pl.struct(pl.all()).struct.json_encode())
            reasons = pl.lit([reason], dtype=pl.List(pl.String))
            out = index.select(ROW, reason=reasons).hstack(content)
            self.take(Written({}, self._rejected(out), _reasons(out)))


def _reasons(rejected: pl.DataFrame) -> dict[str, int]:
    return dict(rejected["reason"].explode().value_counts().iter_rows())


def _cut(piece: Piece, out: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Take rows out of a piece, and return them with their index."""
    rows, index = pl.read_parquet(piece.local.read_bytes()), piece.index
    rows.filter(~out).write_parquet(piece.local, compression="zstd")
    piece.index = index.filter(~out)
    return rows.filter(out), index.filter(out)


def by_month(rows: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """The rows of each month of the event, such as `2013-01`."""
    first, last = rows[TIME].min(), rows[TIME].max()
    if first and (first.year, first.month) == (last.year, last.month):
        return [(f"{first:%Y-%m}", rows)]
    months = rows.group_by(pl.col(TIME).dt.truncate("1mo"), maintain_order=True)
    return [(f"{start:%Y-%m}", of_month) for (start,), of_month in months]


def _store(processed: ObjectStore, name: str, pieces: list[Piece]) -> None:
    """Store pieces under numbered names, small neighbours together."""
    for number, together in enumerate(_neighbours(pieces)):
        path = f"{name}-{number:03}.parquet"
        if len(together) == 1:
            processed.put(path, together[0].local)
        else:
            write_parquet(processed, path, pl.read_parquet([piece.local for piece in together]))


def _neighbours(pieces: list[Piece]) -> list[list[Piece]]:
    groups, rows = [], PART_ROWS
    for piece in pieces:
        if not len(piece.index):
            continue
        rows += len(piece.index)
        if rows > PART_ROWS:
            groups.append([])
            rows = len(piece.index)
        groups[-1].append(piece)
    return groups
