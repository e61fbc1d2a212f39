"""Jobs that never were, a file a month, always the same ones."""

from collections.abc import Iterator
from datetime import datetime

import numpy as np
import polars as pl

COLUMNS = {
    "received": pl.Datetime,
    "shop": pl.String,
    "pages": pl.Float64,
    "paper": pl.String,
    "colour": pl.Boolean,
    "note": pl.String,
    "job": pl.Int64,
    "minutes": pl.Float64,
}
SCHEDULE = ""
EXPECTED_DAYS = 35
FIRST_MONTHS = ("2025-01", "2025-02")
HELD_BACK = ("2025-03", "2025-04")
JOBS = 4_000
"""In a month."""


def to_rows(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Take the columns as they are: their names and types are those of the fields."""
    return raw


def extract(have: set[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the first months."""
    for month in FIRST_MONTHS:
        if f"jobs/{month}.csv" not in have:
            yield f"jobs/{month}.csv", raw_file(month)


def raw_file(month: str) -> bytes:
    """Return a month of jobs as CSV, in the order of time; a few have no number or no end."""
    year, number = map(int, month.split("-"))
    draw = np.random.default_rng(number)
    shops, papers = draw.choice(["ULM", "ESS", "KEL"], JOBS), draw.choice(["plain", "coated"], JOBS)
    pages, colour = np.ceil(draw.lognormal(4, 1, JOBS).clip(1, 10_000)), draw.random(JOBS) < 0.3
    rate = 20 + 8 * (shops == "ULM") - 6 * (papers == "coated") - 5 * colour
    minutes = (3 + pages / rate + number / 2) * draw.lognormal(0, 0.2, JOBS)
    times = [
        datetime(year, number, *time)
        for time in sorted(draw.integers((1, 8, 0, 0), (29, 18, 60, 60), (JOBS, 4)).tolist())
    ]
    table = {
        "received": times,
        "shop": shops,
        "pages": pages,
        "paper": papers,
        "colour": colour,
        "note": draw.choice(["", "staple", "bind, please"], JOBS),
        "job": np.arange(1, JOBS + 1),
        "minutes": minutes.round(1).clip(0.1, 1200),
    }
    places = pl.int_range(pl.len())
    some = pl.DataFrame(table).with_columns(
        pl.when(places % 50 != 37).then("job"), pl.when(places % 40 != 9).then("minutes")
    )
    return some.write_csv().encode()
