"""Run in a project: rows a second through checking and features, and through a bare script with the same output."""

import json
import resource
import sys
import time
from pathlib import Path

import polars as pl
from core.storage import bucket
from model.features import features
from model.source import COLUMNS, all_flights, to_rows
from processing.features import question_columns
from processing.steps import check_rows, compute_features

rows, folder = int(sys.argv[1]), Path(sys.argv[2])
month = all_flights().filter(month="1")
copies = pl.int_range(rows // len(month) + 1, eager=True).cast(pl.String).alias("copy")
many = month.join(copies.to_frame(), how="cross").head(rows)
# Every copy is another flight: its number and the copy's make one that is unique for its day.
many = many.with_columns(flight=(pl.int_range(pl.len()) % 9999 + 1).cast(pl.String)).drop("copy")
raw = folder / "raw.csv"
many.write_csv(raw)
del many


def bare():
    table = pl.scan_csv(raw, infer_schema=False).select(
        pl.col(name).cast(kind, strict=False) for name, kind in COLUMNS.items()
    )
    made = to_rows(table).collect()
    made.write_parquet(folder / "rows.parquet", compression="zstd")
    pl.DataFrame(features(question_columns(made))).write_parquet(folder / "features.parquet", compression="zstd")


def timed(do):
    started = time.perf_counter()
    do()
    return time.perf_counter() - started


def ours():
    report = check_rows()
    compute_features()
    assert report["rows_accepted"] + report["rows_rejected"] == rows, report


reference = timed(bare)
bucket("raw").put("raw.csv", raw)
seconds = timed(ours)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
found = {"rows": rows, "rows_a_second": round(rows / seconds), "peak_mb": round(peak)}
print(json.dumps(found | {"times_the_bare_script": round(seconds / reference, 2)}))
