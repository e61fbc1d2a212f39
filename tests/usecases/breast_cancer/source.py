"""Where rows come from: a data set of scikit-learn (Wolberg, Street and Mangasarian, 1995)."""

from collections.abc import Iterator

import polars as pl
from sklearn.datasets import load_breast_cancer

MEASURES = ("radius", "texture", "area", "smoothness", "concavity", "symmetry")

COLUMNS = {f"mean {measure}": pl.Float64 for measure in MEASURES} | {"malignant": pl.Boolean}

SCHEDULE = ""

HELD_BACK = ()


def to_rows(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Take the word `mean` out of the names."""
    return raw.rename({f"mean {measure}": measure for measure in MEASURES})


def extract(have: set[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the data set as one CSV file."""
    if "patients.csv" not in have:
        data = load_breast_cancer(as_frame=True)
        table = data.frame.assign(malignant=data.target_names[data.target] == "malignant")
        yield "patients.csv", table.to_csv(index=False).encode()
