"""Raw files in; checked rows by month, and rejected rows with their reasons, out.

A file's report is written last: a file without one is checked again from the start, and what a
broken attempt left behind has the same names and is replaced.
"""

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from obstore.store import ObjectStore

from core.schema import OUTCOME, allowed
from core.storage import create
from core.tables import ROW_COLUMNS, TIME, key_expressions, newest, parts, read_parquet, write_parquet
from model.schema import Outcome, Question
from model.source import COLUMNS, extract, to_rows
from processing.contract import ROW, reasons
from processing.raw import RawFile, download, raw_files
from processing.reading import Unreadable, batches

MISSING_TEXTS = ["", "NA", "N/A", "NaN", "nan", "NULL", "null", "None"]

TRUE_OR_FALSE = {"true": True, "t": True, "yes": True, "1": True, "1.0": True} | {
    text: False for text in ("false", "f", "no", "0", "0.0")
}


def fetch(raw: ObjectStore) -> list[str]:
    """Store what the source can deliver now and `raw` does not have. Returns the new names."""
    have = {file.path for file in raw_files(raw)}
    return [path for path, content in extract(have) if create(raw, path, content)]


def check(raw: ObjectStore, processed: ObjectStore, file: RawFile) -> dict:
    """Check one raw file and store its rows. Returns its report; a bad file is reported, not raised."""
    report = {"source": file.path, "etag": file.etag, "arrived": file.arrived.isoformat(), "error": None}
    accepted, rejected = [], []
    try:
        with tempfile.TemporaryDirectory() as folder:
            for batch in batches(download(raw, file, Path(folder)), set(COLUMNS)):
                good, bad = check_batch(batch)
                accepted.append(good)
                rejected.append(bad)
        useless = accepted and not any(map(len, accepted))  # without an outcome, say, rows can still be used
        missing = sorted(set(COLUMNS) - set(batch.columns)) if useless else []
    except Unreadable as error:
        report["error"], missing = str(error), []
    if missing:
        report["error"] = f"It has no column {', '.join(missing)}."
    good = pl.concat(accepted) if accepted else None
    if good is not None:
        good, repeated = without_repeats(processed, file, good.with_columns(_arrival(file)))
        rejected.append(repeated)
        store_rows(processed, file, good)
    bad = pl.concat(rejected) if rejected else None
    if bad is not None and len(bad):
        write_parquet(processed, f"rejected/{file.id}.parquet", bad.with_columns(source=pl.lit(file.path)))
    report |= _counts(good, bad) | {"checked": datetime.now(UTC).isoformat()}
    create(processed, f"files/{file.id}.json", json.dumps(report, indent=1).encode())
    return report


def check_batch(batch: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split a batch of raw rows into checked rows and rejected ones (row, reason, content as JSON)."""
    typed = batch.select(ROW, *[_typed(batch, name, kind) for name, kind in COLUMNS.items()])
    unreadable = pl.concat([_unreadable(batch, typed, name) for name in COLUMNS if name in batch.columns])
    rows = to_rows(typed.lazy()).collect().select(ROW, *[name for name in ROW_COLUMNS if name in _names()])
    rows = rows.with_columns(_missing_labels())
    found = pl.concat([unreadable, reasons(rows)]).group_by(ROW).agg(pl.col("reason").unique().sort())
    bad = batch.join(found, on=ROW, how="semi")
    return rows.join(found, on=ROW, how="anti"), _rejected(bad, found)


def _names() -> set[str]:
    return set(ROW_COLUMNS) - {"arrived"}


def _missing_labels() -> list[pl.Expr]:
    """In a column of few allowed texts `NA` is no text but a gap; in any other it may be Namibia."""
    labels = {name: allowed(field) for name, field in (Question.model_fields | Outcome.model_fields).items()}
    return [
        pl.col(name).replace({text: None for text in MISSING_TEXTS if text not in values})
        for name, values in labels.items()
        if values and isinstance(values[0], str)
    ]


def _typed(batch: pl.DataFrame, name: str, kind: pl.DataType) -> pl.Expr:
    if name not in batch.columns:
        return pl.lit(None, dtype=kind).alias(name)
    column = pl.col(name)
    if kind == pl.String:
        return column.cast(pl.String).str.strip_chars().replace("", None)
    if batch.schema[name] == pl.String:
        column = column.str.strip_chars()
    if kind == pl.Boolean and batch.schema[name] != pl.Boolean:
        return column.cast(pl.String).str.to_lowercase().replace_strict(TRUE_OR_FALSE, default=None, return_dtype=kind)
    if kind.is_integer():  # a column that passed through pandas with a gap in it says 9.0
        number = column.cast(pl.Float64, strict=False)
        whole = pl.when(number == number.round()).then(number).cast(kind, strict=False)
        return column.cast(kind, strict=False).fill_null(whole) if batch.schema[name] == pl.String else whole
    number = column.cast(kind, strict=False)
    return number.fill_nan(None) if kind.is_float() else number


def _unreadable(batch: pl.DataFrame, typed: pl.DataFrame, name: str) -> pl.DataFrame:
    text = batch[name].cast(pl.String, strict=False).str.strip_chars()
    lost = typed[name].is_null() & text.is_not_null() & ~text.is_in(MISSING_TEXTS)
    kinds = {pl.String: "text", pl.Boolean: "true or false"}
    what = kinds.get(COLUMNS[name], "a number" if COLUMNS[name].is_numeric() else "a time")
    return batch.filter(lost).select(ROW, reason=pl.lit(f"{name}: not {what}"))


def _rejected(rows: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    content = pl.struct(pl.exclude(ROW)).struct.json_encode().alias("content")
    return rows.select(ROW, content).join(found, on=ROW).select(ROW, "reason", "content")


def _arrival(file: RawFile) -> list[pl.Expr]:
    return [pl.lit(file.arrived.replace(tzinfo=None)).alias(TIME)] if TIME == "arrived" else []


def without_repeats(processed: ObjectStore, file: RawFile, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Take out rows that stand in the file twice, or that others have brought already without a difference."""
    ranked = rows.sort(pl.col(OUTCOME).is_null(), ROW, maintain_order=True)
    once = ranked.unique(subset=key_expressions(), keep="first", maintain_order=True)
    twice = ranked.join(once, on=ROW, how="anti")
    kept, known = [rows.clear()], [rows.clear()]
    for (month,), of_month in once.sort(ROW).group_by(pl.col(TIME).dt.strftime("%Y-%m"), maintain_order=True):
        others = [part for part in parts(processed, month) if file.id not in part]
        stored = [read_parquet(processed, part) for part in others]
        news = _news(of_month, newest(stored)) if stored else of_month
        kept.append(news)
        known.append(of_month.join(news, on=ROW, how="anti"))
    reject = [_repeats(twice, "the same row twice in one file"), _repeats(pl.concat(known), "known already")]
    return pl.concat(kept), pl.concat(reject)


def _news(rows: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    """Rows with a new key, and rows that change what is stored; a missing outcome changes nothing."""
    keys = [expression.meta.output_name() for expression in key_expressions()]
    content = [name for name in ROW_COLUMNS if name != "arrived"]
    with_keys = rows.with_columns(key_expressions()), stored.with_columns(key_expressions())
    old = with_keys[1].select(*keys, old=pl.struct(content), old_outcome=pl.col(OUTCOME))
    met = with_keys[0].join(old, on=keys, how="left", nulls_equal=True, maintain_order="left")
    same = pl.struct(content).eq_missing(pl.col("old"))
    poorer = pl.col(OUTCOME).is_null() & pl.col("old_outcome").is_not_null()
    return rows.filter(met.select(~(same | poorer).fill_null(False)).to_series())


def _repeats(rows: pl.DataFrame, reason: str) -> pl.DataFrame:
    listed = pl.lit([reason], dtype=pl.List(pl.String))
    content = pl.struct(pl.exclude(ROW)).struct.json_encode()
    return rows.select(ROW, reason=listed, content=content)


def store_rows(processed: ObjectStore, file: RawFile, rows: pl.DataFrame) -> None:
    """Write one part for each month of the event."""
    for (month,), of_month in rows.group_by(pl.col(TIME).dt.strftime("%Y-%m"), maintain_order=True):
        write_parquet(processed, f"rows/month={month}/{file.id}.parquet", of_month.select(ROW_COLUMNS))


def _counts(good: pl.DataFrame | None, bad: pl.DataFrame | None) -> dict:
    by_reason = bad.explode("reason").group_by("reason").len() if bad is not None else pl.DataFrame()
    accepted, rejected = len(good) if good is not None else 0, len(bad) if bad is not None else 0
    return {
        "rows_in": accepted + rejected,
        "rows_accepted": accepted,
        "rows_rejected": rejected,
        "rows_without_outcome": good[OUTCOME].null_count() if good is not None else 0,
        "reasons": dict(sorted(by_reason.iter_rows())) if len(by_reason) else {},
    }
