"""How often the rule of promotion errs, on errors that are drawn with a known difference."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import numpy as np
import polars as pl
from contest import MONDAY
from core.schema import OUTCOME
from core.tables import TIME
from processing.training.rows import Rows
from processing.training.rule import Contender, decide

CANDIDATES = {"5 % better": 0.95, "2 % better": 0.98, "equal": 1, "5 % worse": 1.05}
SIZES = (100, 500, 2_000, 10_000)
DRAWS = 400


def noise(random: np.random.Generator, tails: str, rows: int) -> np.ndarray:
    """Return what no model can know: normal, or without a variance."""
    return random.normal(size=rows) if tails == "normal" else random.standard_t(1.8, size=rows)


def spread(tails: str, error: float) -> float:
    """Return how widely a model's predictions must miss for a mean absolute error."""
    random = np.random.default_rng(0)
    unknown, miss = noise(random, tails, 400_000), random.normal(size=400_000)
    low, high = 0.0, 3.0
    for _ in range(30):
        middle = (low + high) / 2
        too_small = np.abs(unknown + middle * miss).mean() < error
        low, high = (middle, high) if too_small else (low, middle)
    return low


def promoted(tails: str, of_candidate: float, rows: int) -> float:
    """Return the share of draws in which a candidate of this relative error is promoted."""
    random = np.random.default_rng(rows)
    base = np.abs(noise(np.random.default_rng(0), tails, 400_000)).mean() * 1.15
    mine, champions = spread(tails, of_candidate * base), spread(tails, base)
    verdicts = [_verdict(random, tails, rows, mine, champions) for _ in range(DRAWS)]
    return verdicts.count("promoted") / DRAWS


def _verdict(
    random: np.random.Generator, tails: str, rows: int, mine: float, champions: float
) -> str:
    unknown = noise(random, tails, rows)
    of_mine = np.abs(unknown + mine * random.normal(size=rows))
    of_champion = np.abs(unknown + champions * random.normal(size=rows))
    naive = np.abs(unknown + 3 * random.normal(size=rows))
    return decide(
        _contender("candidate", of_mine),
        _contender("champion", of_champion),
        [],
        lambda _: naive,
        asked(rows),
    ).verdict


def _contender(name: str, errors: np.ndarray) -> Contender:
    return Contender(name, name, MONDAY, lambda _: errors, MONDAY, lambda _: errors)


def asked(rows: int) -> Rows:
    """Return rows that come after all that the contenders have learned from."""
    place = np.arange(rows)
    table = pl.DataFrame({OUTCOME: place * 0.0, "origin": place % 3, "carrier": place % 7})
    times = pl.Series(TIME, [MONDAY + timedelta(minutes=number + 1) for number in range(rows)])
    return Rows(table.with_columns(times), pl.DataFrame({"none": place}))


def rates() -> Iterator[tuple[str, str, list[float]]]:
    """Yield the tails, the candidate, and for each of SIZES the share that is promoted."""
    for tails in ("normal", "heavy"):
        for name, error in CANDIDATES.items():
            yield tails, name, list(map(partial(promoted, tails, error), SIZES))
