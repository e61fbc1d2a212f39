"""model/source.py: where rows come from."""

from pathlib import Path

import polars as pl

from acceptance.conftest import NOTES, failure, problem
from core.schema import OUTCOME
from model import source
from model.schema import KEY
from model.source import COLUMNS
from processing.rows.ingest import rows_of
from processing.rows.reading import table

MOST_REASONS = 5


def test_columns_have_types_that_are_read():
    odd = [name for name, kind in COLUMNS.items() if not is_read(kind)]
    if odd:
        problem(
            f"COLUMNS in model/source.py: {', '.join(odd)} must be pl.Int64, pl.Float64, "
            "pl.Boolean, pl.String, pl.Datetime (without a zone) or pl.Date."
        )


def is_read(kind) -> bool:
    plain = (pl.Boolean, pl.String, pl.Datetime, pl.Date)
    return (kind.is_numeric() or kind in plain) and not getattr(kind, "time_zone", None)


def test_extract_delivers_rows_that_are_accepted(tried_sample):
    sample = tried_sample.made
    if tried_sample.problem:
        problem(tried_sample.problem)
    most = sample.reasons.most_common(MOST_REASONS)
    why = "; ".join(f"{reason} ({count:,})" for reason, count in most)
    accepted = f"{len(sample.good):,} of {len(sample):,} rows are accepted"
    if len(sample.good) < len(sample) / 2:
        problem(f"Only {accepted}. {why}.")
    NOTES.append(f"{accepted}{'. Of the others: ' + why if why else ''}.")


def test_some_rows_have_an_outcome(sample):
    known = sample.good[OUTCOME].count()
    missing = len(sample.good) - known
    if missing and not known:
        problem(
            f"No row has its {OUTCOME}: there is nothing to learn from. Is the column named in "
            "COLUMNS, and does `to_rows` give it that name?"
        )
    if missing:
        NOTES.append(
            f"{missing:,} of {len(sample.good):,} accepted rows have no {OUTCOME}. "
            + (
                "If these are more than you expect, see whether `to_rows` reads it in every row."
                if KEY
                else "If it comes in a later file, name the columns that identify a row in KEY: "
                "without a key, the later row counts as another one."
            )
        )


def test_to_rows_takes_each_row_by_itself(sample):
    some = sample.raw.head(200).with_row_index("row", offset=1)
    made = []
    if said := failure(lambda: made.extend(map(rows_of, (some, some.reverse())))):
        problem(said)
    together, backwards = (rows.sort("row") for rows in made)
    if not together.equals(backwards):
        problem(
            "`to_rows` in model/source.py makes something else of a row when the rows come in "
            "another order. It must look at one row at a time; if it sorts or leaves rows out, it "
            "must keep the column `row`."
        )


def test_what_is_held_back_can_be_read(tmp_path):
    held_back = getattr(source, "HELD_BACK", ())
    if held_back and not hasattr(source, "raw_file"):
        problem(
            "model/source.py holds files back for `make replay` and has no raw_file(name), which "
            "returns the content of one of HELD_BACK. Without any, write HELD_BACK = ()."
        )
    if held_back and (said := failure(lambda: read_held_back(held_back[0], tmp_path))):
        problem(f"raw_file({held_back[0]!r}) can't be read. {said}")


def read_held_back(name: str, folder: Path) -> None:
    folder.joinpath("raw").write_bytes(source.raw_file(name))
    table(folder / "raw", COLUMNS, folder)
