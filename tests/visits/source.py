"""Where rows come from: visits that never were."""

from collections.abc import Iterator

import numpy as np
import polars as pl

COLUMNS = {
    "visit": pl.Int64,
    "at": pl.String,
    "town": pl.String,
    "kind": pl.String,
    "member": pl.Boolean,
    "hours": pl.Float64,
    "seats": pl.Int64,
    "note": pl.String,
    "cost": pl.Float64,
}
SCHEDULE = ""
HELD_BACK = ()


def to_rows(raw: pl.LazyFrame) -> pl.LazyFrame:
    return raw.with_columns(pl.col("at").str.to_datetime(strict=False, time_unit="us"))


def extract(have: set[str]) -> Iterator[tuple[str, bytes]]:
    if "visits/first.csv" not in have:
        yield "visits/first.csv", first()


def first(rows: int = 1500, seed: int = 1) -> bytes:
    """Return three months of visits, always the same ones; with each seed later and dearer ones."""
    draw = np.random.default_rng(seed)
    hours = draw.exponential(3, rows).clip(0.1, 100).round(2)
    days, minutes = draw.integers(0, 90, rows), draw.integers(0, 600, rows)
    start = np.datetime64("2026-01-01T08:00", "us") + np.timedelta64(45 * (seed - 1), "D")
    kind, member = draw.choice(["bike", "car", "van"], rows), draw.random(rows) < 0.3
    cost = 20 + hours * np.where(kind == "car", 60, 30) - 10 * member + draw.normal(0, 3, rows)
    table = {
        "visit": np.arange(rows) + seed * 100_000,
        "at": start + days.astype("timedelta64[D]") + minutes.astype("timedelta64[m]"),
        "town": draw.choice(["Köln", "Berlin", "Ulm"], rows),
        "kind": kind,
        "member": member,
        "hours": hours,
        "seats": draw.integers(1, 9, rows),
        "note": draw.choice(["", "rattles", "new tyre"], rows),
        "cost": (cost * (1 + seed) / 2).round(2),
    }
    return pl.DataFrame(table).write_csv().encode()
