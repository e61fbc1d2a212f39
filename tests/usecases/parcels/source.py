"""Where rows come from: parcels that never were. In April one carrier is on strike."""

from collections.abc import Iterator
from datetime import datetime

import numpy as np
import polars as pl

COLUMNS = {
    "parcel": pl.String,
    "posted at": pl.String,
    "carrier": pl.String,
    "service": pl.String,
    "insured": pl.Boolean,
    "distance in km": pl.Float64,
    "weight in kg": pl.Float64,
    "fate": pl.String,
}

SCHEDULE = ""

FIRST_MONTHS = ("2026-01", "2026-02", "2026-03")

HELD_BACK = ("2026-04",)

ROWS = 2_500
"""Parcels a month."""

FATES = np.array(["on time", "late", "lost"])

CARRIERS = {"Hare": -0.5, "Snail": 1.0, "Tortoise": 0.0}
"""How much more each is inclined to be late."""


def to_rows(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Give the columns the names of the fields."""
    names = {"posted at": "posted", "distance in km": "distance", "weight in kg": "weight"}
    return raw.rename(names).with_columns(
        pl.col("posted").str.to_datetime("%d.%m.%Y %H:%M", strict=False)
    )


def extract(have: set[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the first months, a CSV file each."""
    for month in FIRST_MONTHS:
        if f"parcels/{month}.csv" not in have:
            yield f"parcels/{month}.csv", raw_file(month)


def raw_file(month: str) -> bytes:
    """A month of parcels, always the same ones."""
    year, number = map(int, month.split("-"))
    draw = np.random.default_rng(number)
    carriers, next_day, insured = (
        draw.choice(list(CARRIERS), ROWS),
        draw.random(ROWS) < 0.3,
        draw.random(ROWS) < 0.2,
    )
    distance, weight = (
        draw.uniform(5, 900, ROWS).round(),
        draw.exponential(3, ROWS).clip(0.1, 40).round(1),
    )
    late = -7 + 2 * np.vectorize(CARRIERS.get)(carriers) + distance / 120 + 2 * next_day
    if number == 4:
        late += 6 * (carriers == "Snail")
    lost = -6 - 3 * insured + weight / 2
    inclined = np.column_stack([np.zeros(ROWS), late, lost]) + draw.gumbel(size=(ROWS, 3))
    posted = [
        datetime(year, number, *time)
        for time in draw.integers((1, 7, 0), (29, 20, 60), (ROWS, 3)).tolist()
    ]
    table = {
        "parcel": [f"{month}/{place}" for place in range(ROWS)],
        "posted at": [f"{time:%d.%m.%Y %H:%M}" for time in posted],
        "carrier": carriers,
        "service": np.where(next_day, "next day", "standard"),
        "insured": np.where(insured, "yes", "no"),
        "distance in km": distance,
        "weight in kg": np.where(draw.random(ROWS) < 0.1, np.nan, weight),
        "fate": FATES[inclined.argmax(axis=1)],
    }
    return pl.DataFrame(table).write_csv().encode()
