"""Where rows come from: bookings that never were. A month's file comes when the month is over, and
what has become of them by then or later in a second file of the same rows.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import polars as pl

COLUMNS = {
    "booking": pl.Int64,
    "booked": pl.Date,
    "hotel": pl.String,
    "lead": pl.Int64,
    "weekend_nights": pl.Int64,
    "week_nights": pl.Int64,
    "adults": pl.Int64,
    "children": pl.Int64,
    "babies": pl.Int64,
    "meal": pl.String,
    "country": pl.String,
    "segment": pl.String,
    "channel": pl.String,
    "repeated": pl.Boolean,
    "cancelled_before": pl.Int64,
    "kept_before": pl.Int64,
    "room": pl.String,
    "deposit": pl.String,
    "agent": pl.String,
    "company": pl.String,
    "customer": pl.String,
    "rate": pl.Float64,
    "wishes": pl.Int64,
    "is_canceled": pl.Int64,
}

SCHEDULE = ""

MONTHS = tuple(f"{year}-{month:02}" for year in (2015, 2016) for month in range(1, 13))

FIRST_MONTHS, HELD_BACK = MONTHS[:6], MONTHS[6:]

ROWS = 2_000
"""Bookings a month."""


def to_rows(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Say in words what became of a booking."""
    fate = pl.col("is_canceled").replace_strict({0: "kept", 1: "cancelled"}, default=None)
    return raw.with_columns(fate=fate.cast(pl.String))


def extract(have: set[str]) -> Iterator[tuple[str, bytes]]:
    for month in FIRST_MONTHS:
        if f"bookings/{month}.csv" not in have:
            yield f"bookings/{month}.csv", raw_file(month)


def raw_file(month: str) -> bytes:
    """Return the bookings of a month, and again those before whose fate has become known since."""
    start = date.fromisoformat(f"{month}-01")
    until = (start + timedelta(days=32)).replace(day=1)
    tables = [bookings(one) for one in MONTHS if one <= month]
    known = pl.when(pl.col("known") < until).then("is_canceled")
    since = (pl.col("known") >= start) & (pl.col("known") < until)
    earlier = [table.filter(since) for table in tables[:-1]]
    together = pl.concat([tables[-1], *earlier]).with_columns(is_canceled=known)
    return together.drop("known").write_csv().encode()


def bookings(month: str) -> pl.DataFrame:
    """Return all that ever becomes known of the bookings of a month."""
    place = MONTHS.index(month)
    draw = np.random.default_rng(place)
    pick = draw.choice
    start = date.fromisoformat(f"{month}-01")
    day = draw.integers(0, 28, ROWS)
    lead, repeated = draw.exponential(80, ROWS).astype(int).clip(0, 700), draw.random(ROWS) < 0.04
    deposit = pick(["No Deposit", "Refundable", "Non Refund"], ROWS, p=(0.87, 0.01, 0.12))
    segment = pick(["Online TA", "Offline TA/TO", "Groups", "Direct", "Corporate"], ROWS)
    country = pick(["PRT", "GBR", "FRA", "ESP", "DEU", ""], ROWS, p=(0.4, 0.2, 0.15, 0.14, 0.1, 0.01))
    wishes = draw.poisson(0.6, ROWS)
    inclined = (
        lead / 90 + 3 * (deposit == "Non Refund") + (country == "PRT") - wishes
        - 2 * repeated + 0.8 * (segment == "Groups") - 1.4
    )
    cancelled = draw.random(ROWS) < 1 / (1 + np.exp(-inclined))
    wait = np.where(cancelled, (lead * draw.uniform(0, 0.6, ROWS)).astype(int), lead + 4)
    dates = [start + timedelta(days=int(number)) for number in day]
    known = [one + timedelta(days=int(days)) for one, days in zip(dates, wait, strict=True)]
    rate = draw.gamma(5, 20, ROWS).round(2).clip(0, 900)
    return pl.DataFrame(
        {
            "booking": place * ROWS + np.arange(1, ROWS + 1),
            "booked": dates,
            "hotel": pick(["City Hotel", "Resort Hotel"], ROWS, p=(0.66, 0.34)),
            "lead": lead,
            "weekend_nights": draw.integers(0, 3, ROWS),
            "week_nights": draw.integers(0, 6, ROWS),
            "adults": draw.integers(1, 4, ROWS),
            "children": draw.poisson(0.1, ROWS),
            "babies": np.zeros(ROWS, int),
            "meal": pick(["BB", "HB", "SC", "Undefined"], ROWS, p=(0.77, 0.12, 0.09, 0.02)),
            "country": country,
            "segment": segment,
            "channel": np.where(segment == "Direct", "Direct", "TA/TO"),
            "repeated": repeated.astype(int),
            "cancelled_before": draw.poisson(0.1, ROWS),
            "kept_before": draw.poisson(0.1, ROWS) * repeated,
            "room": pick(list("AADDE"), ROWS),
            "deposit": deposit,
            "agent": np.where(draw.random(ROWS) < 0.14, "", draw.integers(1, 60, ROWS).astype(str)),
            "company": np.where(draw.random(ROWS) < 0.94, "", "40"),
            "customer": pick(["Transient", "Contract", "Group"], ROWS, p=(0.9, 0.07, 0.03)),
            "rate": rate,
            "wishes": wishes,
            "is_canceled": cancelled.astype(int),
            "known": known,
        }
    )
