"""Write months of any size, drawn from the sample with replacement and moved a little."""

import sys
from pathlib import Path
from string import ascii_uppercase

import numpy as np
import polars as pl
from model.source import all_flights, month_of_flights

CARRIERS = sorted(all_flights()["carrier"].unique())

FLIGHTS_A_DAY = 9999
"""The last flight number of a carrier at an airport; further flights get a made-up carrier."""


def month(name: str, rows: int) -> pl.DataFrame:
    """Return so many different flights of a month such as `2013-01`, as the sample writes them."""
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
    """Return another carrier for each of the sample, such as `K1`, unlike any real one."""
    letter = pl.col("carrier").replace_strict(dict(zip(CARRIERS, ascii_uppercase, strict=False)))
    return pl.format("{}{}", letter, number)


if __name__ == "__main__":
    folder, rows, *names = sys.argv[1:]
    for name in names:
        month(name, int(rows)).write_csv(Path(folder) / f"{name}.csv")
