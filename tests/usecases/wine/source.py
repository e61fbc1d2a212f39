"""Where rows come from: the data set that scikit-learn ships (Aeberhard and Forina, 1991)."""

from collections.abc import Iterator

import polars as pl
from sklearn.datasets import load_wine

COLUMNS = {
    "bottle": pl.Int64,
    "alcohol": pl.Float64,
    "malic_acid": pl.Float64,
    "ash": pl.Float64,
    "flavanoids": pl.Float64,
    "color_intensity": pl.Float64,
    "proline": pl.Float64,
    "target": pl.Int64,
}

SCHEDULE = ""

HELD_BACK = ()


def to_rows(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Say in a word how deep the colour is, and number the cultivars from 1."""
    colour = pl.when(pl.col("color_intensity") < 5).then(pl.lit("pale")).otherwise(pl.lit("deep"))
    measured = pl.col("color_intensity").is_not_null()
    return raw.with_columns(colour=pl.when(measured).then(colour), cultivar=pl.col("target") + 1).drop(
        "color_intensity", "target"
    )


def extract(have: set[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the data set as one CSV file."""
    if "bottles.csv" not in have:
        table = load_wine(as_frame=True).frame
        yield (
            "bottles.csv",
            table.assign(bottle=range(1, len(table) + 1)).to_csv(index=False).encode(),
        )
