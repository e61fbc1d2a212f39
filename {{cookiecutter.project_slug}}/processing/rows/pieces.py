"""Rows of one month on this machine's disk, with an index of them in memory."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl
from obstore.store import ObjectStore

from core.schema import KEY_PARTS, OUTCOME
from core.tables import write_parquet
from processing.rows.contract import ROW

PART_ROWS = 250_000
"""How many rows a stored part has at most: what readers hold in memory at a time."""


@dataclass
class Piece:
    """Rows of one month in a local file; `index` has a line for each of them, in their order."""

    local: Path
    index: pl.DataFrame


def cut(piece: Piece, out: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Take rows out of a piece, and return them with their index."""
    rows, index = rows_of(piece), piece.index
    rows.filter(~out).write_parquet(piece.local, compression="zstd")
    piece.index = index.filter(~out)
    return rows.filter(out), index.filter(out)


def rows_of(piece: Piece) -> pl.DataFrame:
    return pl.read_parquet(piece.local.read_bytes())


def rows_at(pieces: list[Piece], places: pl.Series) -> pl.DataFrame:
    """Return the rows with these ROW."""
    masks = ((piece, piece.index[ROW].is_in(places.implode())) for piece in pieces)
    return pl.concat([rows_of(piece).filter(mask) for piece, mask in masks])


def outcomes_at(pieces: list[Piece], places: pl.Series) -> pl.DataFrame:
    """Return ROW and outcome of the rows with these ROW."""
    tables = []
    for piece in pieces:
        mask = piece.index[ROW].is_in(places.implode())
        if mask.any():
            outcomes = rows_of(piece).select(OUTCOME).insert_column(0, piece.index[ROW])
            tables.append(outcomes.filter(mask))
    return pl.concat(tables)


def first_key(pieces: list[Piece]) -> pl.DataFrame:
    """Return the first column of the key, of all rows."""
    column = KEY_PARTS[0].column
    return pl.concat(
        [pl.read_parquet(piece.local.read_bytes(), columns=[column]) for piece in pieces]
    )


def store(processed: ObjectStore, name: str, pieces: list[Piece]) -> None:
    """Store pieces under numbered names, small neighbours together."""
    for number, together in enumerate(_neighbours(pieces)):
        path = f"{name}-{number:03}.parquet"
        if len(together) == 1:
            processed.put(path, together[0].local)
        else:
            write_parquet(processed, path, pl.read_parquet([piece.local for piece in together]))


def _neighbours(pieces: list[Piece]) -> list[list[Piece]]:
    """Return groups of pieces that have PART_ROWS together at most."""
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
