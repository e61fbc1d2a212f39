"""Turn a raw file into checked rows, features and Parquet, by the pipeline or by a plain script.

`rows_a_second.py pipeline|bare FILE FOLDER` prints seconds, CPU seconds and peak memory as JSON.
The plain script trusts the file: it checks nothing and keeps no reasons.
"""

import json
import resource
import sys
import time
from pathlib import Path

import polars as pl
from core.storage import bucket
from model.source import COLUMNS

CLOCK = ("year", "month", "day", "hour", "minute")


def bare(raw: Path, folder: Path) -> None:
    table = pl.scan_csv(raw, schema_overrides=COLUMNS, null_values=["NA", ""]).select(list(COLUMNS))
    rows = table.with_columns(departure=pl.datetime(*CLOCK)).drop(CLOCK).collect()
    rows.write_parquet(folder / "rows.parquet", compression="zstd")
    departure = pl.col("departure")
    rows.select(
        (departure - departure.dt.truncate("1d"))
        .dt.total_minutes()
        .cast(pl.Float32)
        .alias("minute_of_day"),
        pl.col("distance").cast(pl.Float32),
        "origin",
        "dest",
        "carrier",
    ).write_parquet(folder / "features.parquet", compression="zstd")


def pipeline() -> None:
    from processing.steps import check_rows, compute_features

    report = check_rows()
    compute_features()
    assert report["rows_rejected"] == 0, report


what, raw, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
if what == "pipeline":
    bucket("raw").put(raw.name, raw)
    import processing.steps  # noqa: F401  starting is not what is measured
started, used = time.perf_counter(), time.process_time()
bare(raw, folder) if what == "bare" else pipeline()
print(
    json.dumps(
        {
            "seconds": time.perf_counter() - started,
            "core_seconds": time.process_time() - used,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )
)
