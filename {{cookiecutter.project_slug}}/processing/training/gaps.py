"""How often each field of a question is missing: where the model is asked, and where it learned."""

from collections.abc import Iterator

import polars as pl
from obstore.store import ObjectStore

from core.parts import is_departure, parts
from core.schema import OUTCOME
from core.tables import read_parquet
from model.schema import Question

LEAST_ROWS = 30
"""With fewer rows on one side, nothing is said."""

NOTABLE = 0.3
"""So much larger must a share of gaps be, which chance does not make it with LEAST_ROWS."""

OFTEN = 0.5
"""And it must be so large: a field that is there more often than not is known in time."""

NEWEST_PARTS = 5
MOST_ROWS = 50_000
"""Of each part: more would make no difference."""


def shares(rows: pl.DataFrame) -> dict[str, float]:
    """Return the share of rows in which each field is missing or an empty text."""
    return {name: float(is_gap(rows[name]).to_numpy().mean()) for name in Question.model_fields}


def is_gap(column: pl.Series) -> pl.Series:
    """Return where a column has no value."""
    gap = column.is_null()
    return gap | (column == "").fill_null(False) if column.dtype == pl.String else gap


def grown(often: dict[str, float], seldom: dict[str, float]) -> dict[str, tuple[float, float]]:
    """Return the fields that are missing far more often in the first, with both shares."""
    return {
        name: (share, seldom[name])
        for name, share in often.items()
        if name in seldom and share >= OFTEN and share - seldom[name] >= NOTABLE
    }


def known_afterwards(processed: ObjectStore) -> Iterator[tuple[str, str]]:
    """Yield each field that is filled only where the outcome is known, with a sentence."""
    paths = [part for part in parts(processed) if not is_departure(part)][-NEWEST_PARTS:]
    columns = [*Question.model_fields, OUTCOME]
    newest = [read_parquet(processed, path, columns).tail(MOST_ROWS) for path in paths]
    rows = pl.concat(newest) if newest else pl.DataFrame(schema=dict.fromkeys(columns, pl.Null))
    waiting, known = rows.filter(rows[OUTCOME].is_null()), rows.filter(rows[OUTCOME].is_not_null())
    if min(len(waiting), len(known)) < LEAST_ROWS:
        return
    for name, (before, after) in grown(shares(waiting), shares(known)).items():
        yield (
            name,
            f"{name} is missing in {before:.0%} of the rows whose outcome is not known yet, and in "
            f"{after:.0%} of the others: perhaps it is known only after the event. Then a question "
            "can't have it, and a model must not learn from it.",
        )
