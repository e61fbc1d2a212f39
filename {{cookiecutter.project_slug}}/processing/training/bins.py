"""The values of a column in bins: tenths of a number, or its most frequent texts."""

from typing import NotRequired

import numpy as np
import polars as pl
from typing_extensions import TypedDict

TENTHS = 10
MOST_VALUES = 20


class Bins(TypedDict):
    """The edges between the bins of a number, or the value of each bin of a text."""

    edges: NotRequired[list[float]]
    values: NotRequired[list[str]]


def bins_of(column: pl.Series) -> Bins:
    """Return bins that hold about equally many of a number's values, or a text's commonest ones."""
    if column.dtype.is_numeric():
        values = column.cast(pl.Float64).drop_nulls().drop_nans().to_numpy()
        quantiles = np.linspace(0, 1, TENTHS + 1)[1:-1]
        return {"edges": np.unique(np.quantile(values, quantiles)).tolist() if len(values) else []}
    counts = column.cast(pl.String).drop_nulls().value_counts(sort=True)
    return {"values": counts.head(MOST_VALUES).to_series(0).to_list()}


def members(column: pl.Series, bins: Bins) -> np.ndarray:
    """Return for each row which bin it is in, one column a bin.

    The last bin is for missing values, and for texts of no other bin.
    """
    places, count = _by_edge(column, bins) if "edges" in bins else _by_value(column, bins)
    return np.eye(count, dtype=bool)[places]


def _by_edge(column: pl.Series, bins: Bins) -> tuple[np.ndarray, int]:
    edges = bins["edges"]
    numbers = column.cast(pl.Float64).fill_null(np.nan).to_numpy()
    missing = len(edges) + 1
    return np.where(np.isnan(numbers), missing, np.searchsorted(edges, numbers)), missing + 1


def _by_value(column: pl.Series, bins: Bins) -> tuple[np.ndarray, int]:
    other = len(bins["values"])
    place = {value: number for number, value in enumerate(bins["values"])}
    places = column.cast(pl.String).replace_strict(place, default=other, return_dtype=pl.Int64)
    return places.to_numpy(), other + 1
