"""Where rows come from: a data set of scikit-learn (Efron, Hastie and others, 2004)."""

from collections.abc import Iterator

import polars as pl
from sklearn.datasets import load_diabetes

FIELDS = {"bp": "pressure", "s3": "lipoproteins", "s5": "triglycerides", "s6": "sugar"}

COLUMNS = {name: pl.Float64 for name in ("age", "bmi", "progression", *FIELDS)} | {"sex": pl.Int64}

SCHEDULE = ""

HELD_BACK = ()


def to_rows(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Give the columns names that say something."""
    return raw.rename(FIELDS)


def extract(have: set[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the data set as one CSV file."""
    if "patients.csv" not in have:
        table = load_diabetes(as_frame=True, scaled=False).frame.rename(
            columns={"target": "progression"}
        )
        yield "patients.csv", table.to_csv(index=False).encode()
