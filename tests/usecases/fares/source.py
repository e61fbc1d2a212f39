"""Where rows come from: rides that never were, in no order, and dirty as such files are."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import polars as pl

PLACES = {
    "pickup_longitude": "from_longitude",
    "pickup_latitude": "from_latitude",
    "dropoff_longitude": "to_longitude",
    "dropoff_latitude": "to_latitude",
}

COLUMNS = {
    "key": pl.String,
    "fare_amount": pl.Float64,
    "pickup_datetime": pl.String,
    **dict.fromkeys(PLACES, pl.Float64),
    "passenger_count": pl.Int64,
}

SCHEDULE = ""

PARTS = tuple(map(str, range(1, 7)))

FIRST, HELD_BACK = PARTS[:2], PARTS[2:]

ROWS = 4_000
"""Rides a file."""

FORM = "%Y-%m-%d %H:%M:%S UTC"


def to_rows(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Bring the times of the meters, which are in UTC, to the clock of New York."""
    utc = pl.col("pickup_datetime").str.to_datetime(FORM, strict=False, time_zone="UTC")
    local = utc.dt.convert_time_zone("America/New_York").dt.replace_time_zone(None)
    fields = PLACES | {"fare_amount": "fare", "passenger_count": "passengers"}
    return raw.rename(fields).select(pl.exclude("key", "pickup_datetime"), pickup=local)


def extract(have: set[str]) -> Iterator[tuple[str, bytes]]:
    for part in FIRST:
        if f"rides/{part}.csv" not in have:
            yield f"rides/{part}.csv", raw_file(part)


def raw_file(part: str) -> bytes:
    """Return some rides of half a year: in no order, some twice, a tenth of them broken."""
    place = int(part)
    draw = np.random.default_rng(place)
    start = datetime(2011 + (place - 1) // 2, 1 + 6 * ((place - 1) % 2), 1)
    times = [start + timedelta(seconds=int(one)) for one in draw.integers(0, 15_500_000, ROWS)]
    x, y = draw.normal(-73.98, 0.03, (2, ROWS)), draw.normal(40.75, 0.03, (2, ROWS))
    miles = np.hypot((x[0] - x[1]) * 53, (y[0] - y[1]) * 69)
    fare = (2.5 + (2.1 + 0.12 * place) * miles) * draw.lognormal(0, 0.15, ROWS)
    places = {
        "pickup_longitude": x[0],
        "pickup_latitude": y[0],
        "dropoff_longitude": x[1],
        "dropoff_latitude": y[1],
    }
    broken = draw.random((3, ROWS)) < 0.03
    table = pl.DataFrame(
        {
            "key": [f"{time:%Y-%m-%d %H:%M:%S}.0000001" for time in times],
            "fare_amount": np.where(broken[0], -fare, fare).round(1),
            "pickup_datetime": [f"{time:{FORM}}" for time in times],
            **{name: np.where(broken[1], 0, values.round(6)) for name, values in places.items()},
            "passenger_count": np.where(broken[2], 208, draw.integers(1, 6, ROWS)),
        }
    )
    return pl.concat([table, table[:40]]).write_csv().encode()
