"""Where rows come from: sales that never were. In 2015 the lease came into the files, as years; in
2016 it was written in words, the area got another name, and the price a comma between thousands.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

COLUMNS = {
    "month": pl.String,
    "town": pl.String,
    "flat_type": pl.String,
    "storey_range": pl.String,
    "floor_area_sqm": pl.Float64,
    "size_m2": pl.Float64,
    "remaining_lease": pl.String,
    "resale_price": pl.String,
}

SCHEDULE = ""

YEARS = ("2013", "2014", "2015", "2016")

FIRST, HELD_BACK = YEARS[:3], YEARS[3:]

ROWS = 2_500
"""Sales a year."""


def to_rows(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Read each column as any of the years writes it."""
    storeys = pl.col("storey_range").str.extract_all(r"\d+").list.eval(pl.element().cast(pl.Float64))
    words = pl.col("remaining_lease").str.extract_groups(r"^(?<y>\d+)(?: years?)?(?: (?<m>\d+))?")
    months = words.struct.field("m").cast(pl.Float64).fill_null(0)
    return raw.select(
        "town",
        month=pl.concat_str("month", pl.lit("-01")).str.to_datetime("%Y-%m-%d", strict=False),
        rooms="flat_type",
        storey=storeys.list.mean(),
        area=pl.coalesce("floor_area_sqm", "size_m2"),
        lease=words.struct.field("y").cast(pl.Float64) + months / 12,
        price=pl.col("resale_price").str.replace_all(",", "").cast(pl.Float64, strict=False),
    )


def extract(have: set[str]) -> Iterator[tuple[str, bytes]]:
    for year in FIRST:
        if f"flats/{year}.csv" not in have:
            yield f"flats/{year}.csv", raw_file(year)


def raw_file(year: str) -> bytes:
    """Return the sales of a year, always the same ones."""
    draw = np.random.default_rng(int(year))
    rooms, storey = draw.integers(2, 6, ROWS), 3 * draw.integers(0, 10, ROWS)
    area, lease = (rooms * 24 + draw.normal(0, 8, ROWS)).clip(30), draw.uniform(50, 95, ROWS)
    towns = draw.choice(["ANG MO KIO", "BEDOK", "QUEENSTOWN"], ROWS)
    level = 3000 + 900 * (towns == "QUEENSTOWN") + 250 * (int(year) - 2013)
    price = (area * level * (0.6 + lease / 200) + 2000 * storey) * draw.lognormal(0, 0.08, ROWS)
    table = {
        "month": [f"{year}-{month:02}" for month in sorted(draw.integers(1, 13, ROWS))],
        "town": towns,
        "flat_type": [f"{number} ROOM" for number in rooms],
        "storey_range": [f"{low + 1:02} TO {low + 3:02}" for low in storey],
        "floor_area_sqm": area.round(),
        "resale_price": price.round(-3),
    }
    if year == "2015":
        table |= {"remaining_lease": lease.astype(int)}
    if year == "2016":
        table |= {
            "remaining_lease": [f"{int(one)} years {int(one % 1 * 12):02} months" for one in lease],
            "size_m2": table.pop("floor_area_sqm"),
            "resale_price": [f"{one:,.0f}" for one in price],
        }
    return pl.DataFrame(table).write_csv().encode()
