"""Raw files in; checked rows by month, and rejected rows with their reasons, out.

A file's report is written last: a file without one is checked again from the start, and what a
broken attempt left behind has the same names and is replaced.
"""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from obstore.store import ObjectStore

from core.layout import FILES
from core.schema import allowed
from core.storage import as_json, create
from core.tables import ROW_COLUMNS, TIME
from model.schema import Outcome, Question
from model.source import COLUMNS, extract, to_rows
from processing.rows.contract import ROW, reasons
from processing.rows.raw import RawFile, on_disk, raw_files
from processing.rows.reading import Unreadable, batches
from processing.rows.scratch import Scratch, Written
from processing.rows.threads import in_order

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
    report = {"source": file.path, "etag": file.etag, "arrived": file.arrived.isoformat()}
    with tempfile.TemporaryDirectory() as folder:
        scratch = Scratch(Path(folder), file)
        report["error"] = _read(raw, file, scratch)
        scratch.reject_repeats(processed)
        scratch.store(processed)
        report |= scratch.counts() | {"checked": datetime.now(UTC).isoformat()}
    create(processed, f"{FILES}/{file.id}.json", as_json(report))
    return report


def _read(raw: ObjectStore, file: RawFile, scratch: Scratch) -> str | None:
    """Check a file batch by batch. Returns what is wrong with the file as a whole."""
    found = set(COLUMNS)

    def checked(batch: pl.DataFrame) -> tuple[set[str], Written]:
        good, bad = check_batch(batch)
        return set(batch.columns), scratch.write(good.with_columns(_arrival(file)), bad)

    try:
        with on_disk(raw, file, scratch.folder) as local:
            for found, written in in_order(checked, batches(local, set(COLUMNS))):
                scratch.take(written)
    except Unreadable as error:
        return str(error)
    missing = (
        set() if scratch.months else set(COLUMNS) - found
    )  # without an outcome, say, rows can still be used
    return f"It has no column {', '.join(sorted(missing))}." if missing else None


def check_batch(batch: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split a batch of raw rows into checked rows and rejected ones (row, reason, content as JSON)."""
    typed, unreadable = _all_typed(batch)
    rows = to_rows(typed.lazy()).select(ROW, *_names()).with_columns(_missing_labels()).collect()
    found = (
        pl.concat([*unreadable, reasons(rows)]).group_by(ROW).agg(pl.col("reason").unique().sort())
    )
    bad = batch.join(found, on=ROW, how="semi") if len(found) else batch[:0]
    empty = pl.all_horizontal(
        pl.exclude(ROW).is_null()
    )  # lines that spreadsheets leave at the end of a file
    return (rows.join(found, on=ROW, how="anti") if len(bad) else rows), _rejected(
        bad.filter(~empty), found
    )


def _all_typed(batch: pl.DataFrame) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """The columns of COLUMNS, and ROW and reason of each value that is none of its type.

    All are first taken plainly: most can be, and only what is lost by that needs a closer look.
    """
    typed, unreadable = (
        batch.select(ROW, *[_plainly_typed(batch, *column) for column in COLUMNS.items()]),
        [],
    )
    typed = typed.with_columns(column.fill_nan(None) for column in typed if _has_nan(column))
    for name in COLUMNS:
        if name in batch.columns and typed[name].null_count() > batch[name].null_count():
            lost = batch.filter(typed[name].is_null() & batch[name].is_not_null())
            closer = lost.select(ROW, _typed(batch, name, COLUMNS[name]))
            typed = typed.update(closer, on=ROW) if closer[name].count() else typed
            unreadable.append(_unreadable(lost.filter(closer[name].is_null()), name))
    return typed, unreadable


def _plainly_typed(batch: pl.DataFrame, name: str, kind: pl.DataType) -> pl.Expr:
    if name in batch.columns and batch.schema[name] == pl.String:
        if kind.is_numeric():
            return pl.col(name).cast(kind, strict=False)
        if kind == pl.String and _is_clean(batch[name].unique().drop_nulls()):
            return pl.col(name)
    return _typed(batch, name, kind)


def _is_clean(texts: pl.Series) -> bool:
    """Whether there is something in each text and no space around it."""
    return ((texts != "") & (texts == texts.str.strip_chars())).all()


def _has_nan(column: pl.Series) -> bool:
    return column.dtype.is_float() and bool(column.is_nan().any())


def _names() -> list[str]:
    return [name for name in ROW_COLUMNS if name != "arrived"]


def _missing_labels() -> list[pl.Expr]:
    """In a column of few allowed texts `NA` is no text but a gap; in any other it may be Namibia."""
    labels = {
        name: allowed(field)
        for name, field in (Question.model_fields | Outcome.model_fields).items()
    }
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
        return (
            column.cast(pl.String)
            .str.to_lowercase()
            .replace_strict(TRUE_OR_FALSE, default=None, return_dtype=kind)
        )
    if kind.is_integer():  # a column that passed through pandas with a gap in it says 9.0
        number = column.cast(pl.Float64, strict=False)
        whole = pl.when(number == number.round()).then(number).cast(kind, strict=False)
        return (
            column.cast(kind, strict=False).fill_null(whole)
            if batch.schema[name] == pl.String
            else whole
        )
    number = column.cast(kind, strict=False)
    return number.fill_nan(None) if kind.is_float() else number


def _unreadable(lost: pl.DataFrame, name: str) -> pl.DataFrame:
    kinds = {pl.String: "text", pl.Boolean: "true or false"}
    what = kinds.get(COLUMNS[name], "a number" if COLUMNS[name].is_numeric() else "a time")
    text = pl.col(name).cast(pl.String, strict=False).str.strip_chars()
    return lost.filter(~text.is_in(MISSING_TEXTS)).select(ROW, reason=pl.lit(f"{name}: not {what}"))


def _rejected(rows: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    content = pl.struct(pl.exclude(ROW)).struct.json_encode().alias("content")
    return (
        rows.select(ROW, content)
        .join(found, on=ROW, maintain_order="left")
        .select(ROW, "reason", "content")
    )


def _arrival(file: RawFile) -> list[pl.Expr]:
    return [pl.lit(file.arrived.replace(tzinfo=None)).alias(TIME)] if TIME == "arrived" else []
