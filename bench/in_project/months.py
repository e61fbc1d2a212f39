"""Months of any size, drawn from the sample with replacement and moved a little."""

import sys
from pathlib import Path
from string import ascii_uppercase

import numpy as np
import polars as pl
from model.source import all_flights, month_of_flights

CARRIERS = sorted(all_flights()["carrier"].unique())

FLIGHTS_A_DAY = 9999
"""Of one carrier from one airport: flight numbers end there, and further ones belong to a made-up carrier."""


def month(name: str, rows: int) -> pl.DataFrame:
    """So many different flights in the month `2013-01`, in the columns and in the text of the sample, by day."""
    random = np.random.default_rng(int(name.replace("-", "")))
    flown = month_of_flights(name)
    drawn = flown[np.sort(random.integers(len(flown), size=rows))]
    place = pl.int_range(pl.len()).over("day", "carrier", "origin")
    longer, minute = (
        pl.Series(random.normal(1, 0.02, rows)),
        pl.Series(random.integers(60, size=rows)),
    )
    return drawn.with_columns(
        minute=minute.cast(pl.String),
        air_time=(pl.col("air_time").cast(pl.Float64, strict=False) * longer)
        .round()
        .cast(pl.Int64)
        .cast(pl.String),
        flight=(place % FLIGHTS_A_DAY + 1).cast(pl.String),
        carrier=pl.when(place < FLIGHTS_A_DAY)
        .then("carrier")
        .otherwise(_made_up(place // FLIGHTS_A_DAY)),
    ).with_columns(pl.col("air_time").fill_null("NA"))


def _made_up(number: pl.Expr) -> pl.Expr:
    """Another carrier for each carrier of the sample, such as `K1`; no real one there looks like that."""
    letter = pl.col("carrier").replace_strict(dict(zip(CARRIERS, ascii_uppercase, strict=False)))
    return pl.format("{}{}", letter, number)


if __name__ == "__main__":
    folder, rows, *names = sys.argv[1:]
    for name in names:
        month(name, int(rows)).write_csv(Path(folder) / f"{name}.csv")
