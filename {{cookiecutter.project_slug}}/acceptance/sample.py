"""Rows to try `model/` on: the first that `extract` delivers, read as the platform reads them."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import polars as pl

from acceptance.conftest import problem, where
from model.source import COLUMNS, extract
from processing.rows.contract import ROW
from processing.rows.ingest import check_batch
from processing.rows.kinds import Unreadable
from processing.rows.reading import table
from processing.rows.typed import typed
from processing.sources.problem import SourceProblem

MOST_READ = 20_000
"""So many rows are checked."""


@dataclass(frozen=True)
class Sample:
    """Rows as they came, in the types of COLUMNS; those that passed; how often others why not."""

    files: int
    raw: pl.DataFrame
    good: pl.DataFrame
    reasons: Counter

    def __len__(self) -> int:
        return len(self.raw)


def read_sample() -> Sample:
    """Read files until there are enough rows. A file that can't be read is a problem."""
    raw, good, reasons, files = [], [], Counter(), 0
    for name, content in _files():
        files += 1
        for rows, checked, bad in _batches(name, content, MOST_READ - sum(map(len, raw))):
            raw.append(rows)
            good.append(checked)
            reasons.update(bad["reason"].explode())
        if sum(map(len, raw)) >= MOST_READ:
            break
    if not raw:
        problem(
            "`extract` in model/source.py delivers no row to try model/ with: "
            "let it yield a small file."
        )
    return Sample(files, pl.concat(raw), pl.concat(good), reasons)


def _files() -> Iterator[tuple[str, bytes | BinaryIO]]:
    try:
        yield from extract(set()) or ()
    except SourceProblem as away:
        problem(str(away))
    except Exception as error:
        problem(f"`extract` fails. {where(error)}")


def _batches(
    name: str, content: bytes | BinaryIO, most: int
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]]:
    """Yield at most so many rows of a file: as they came, those that passed, and the others."""
    with tempfile.TemporaryDirectory() as folder:
        local = Path(folder) / "raw"
        with local.open("wb") as copy:
            if isinstance(content, bytes):
                copy.write(content)
            else:
                shutil.copyfileobj(content, copy)
        try:
            opened = table(local, COLUMNS, Path(folder))
            for batch in opened.batches():
                rows = batch.rows.head(most)
                good, bad = check_batch(rows, marks=opened.marks)
                yield typed(rows, COLUMNS, opened.marks)[0].drop(ROW), good, bad
                most -= len(rows)
                if most <= 0:
                    break
        except (Unreadable, TypeError) as refused:
            problem(f"{name}: {refused}")
