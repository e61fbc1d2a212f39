"""Where rows come from: hours that never were, with a strong season and growth from year to year."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import polars as pl

COLUMNS = {
    "hour": pl.Datetime,
    "holiday": pl.Int64,
    "weather": pl.Int64,
    "temperature": pl.Float64,
    "humidity": pl.Float64,
    "rentals": pl.Int64,
}

SCHEDULE = ""

MONTHS = tuple(f"{year}-{month:02}" for year in (2023, 2024) for month in range(1, 13))

FIRST_MONTHS, HELD_BACK = MONTHS[:6], MONTHS[6:]

WEATHER = {1: "clear", 2: "mist", 3: "rain", 4: "storm"}


def to_rows(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Name the weather, and make a bool of 0 and 1."""
    weather = pl.col("weather").replace_strict(WEATHER, default=None, return_dtype=pl.String)
    return raw.with_columns(weather, pl.col("holiday") == 1)


def extract(have: set[str]) -> Iterator[tuple[str, bytes]]:
    for month in FIRST_MONTHS:
        if f"rentals/{month}.csv" not in have:
            yield f"rentals/{month}.csv", raw_file(month)


def raw_file(month: str) -> bytes:
    """Return the hours of a month, always the same ones."""
    start = datetime.fromisoformat(f"{month}-01")
    following = (start + timedelta(days=32)).replace(day=1)
    hours = [start + timedelta(hours=number) for number in range(24 * (following - start).days)]
    draw = np.random.default_rng(int(f"{start:%Y%m}"))
    number = len(hours)
    year = np.array([time.timetuple().tm_yday / 365 for time in hours])
    clock = np.array([time.hour for time in hours])
    rest = np.array([time.weekday() > 4 for time in hours])
    season = 1 - np.cos(2 * np.pi * (year - 0.05))
    weather = draw.choice(4, number, p=(0.6, 0.25, 0.14, 0.01)) + 1
    warmth = 2 + 11 * season + 4 * np.sin((clock - 9) / 24 * 2 * np.pi) + draw.normal(0, 3, number)
    rush = np.exp(-((clock - 8) ** 2) / 3) + 1.3 * np.exp(-((clock - 17) ** 2) / 5)
    day = np.where(rest, 1.2 * np.exp(-((clock - 14) ** 2) / 18), rush) + 0.05
    level = 180 * (0.3 + season) * (1.5 if start.year > 2023 else 1)
    mean = level * day * np.array([1, 0.9, 0.45, 0.2])[weather - 1] * (1 + warmth / 60)
    humidity = draw.uniform(30, 95, number).round()
    table = {
        "hour": [f"{time:%Y-%m-%d %H:%M:%S}" for time in hours],
        "holiday": (draw.random(number) < 0.03).astype(int),
        "weather": weather,
        "temperature": warmth.round(1),
        "humidity": np.where(draw.random(number) < 0.05, np.nan, humidity),
        "rentals": draw.poisson(mean.clip(0.1)),
    }
    return pl.DataFrame(table).write_csv().encode()
