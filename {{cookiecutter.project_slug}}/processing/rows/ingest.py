"""Raw files in; checked rows by month, and rejected rows with their reasons, out.

A file's report is written last: a file without one is checked again from the start, and what a
broken attempt left behind has the same names and is replaced.
"""

import logging
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import polars as pl
from obstore.store import ObjectStore

from core.quarantine import Quarantine, is_to_blame, sentence
from core.retention import RAW_FILES
from core.schema import allowed
from core.storage import as_json, bucket, create
from core.tables import KNOWN_AT, STORED_COLUMNS, TIME
from model.schema import Outcome, Question
from model.source import COLUMNS, extract, to_rows
from processing.rows import contract, reading
from processing.rows.batch import Batch
from processing.rows.contract import FIELDS, ROW
from processing.rows.kinds import Unreadable
from processing.rows.numbers import Marks
from processing.rows.raw import (
    FileReport,
    RawFile,
    on_disk,
    raw_files,
    reading_code,
    report_path,
    reports,
)
from processing.rows.scratch import Scratch, Written
from processing.rows.threads import in_order
from processing.rows.times import CLOCK, on_the_clock, too_late
from processing.rows.typed import MISSING_TEXTS, typed

log = logging.getLogger(__name__)


def fetch(raw: ObjectStore) -> list[str]:
    """Store what the source can deliver now and `raw` does not have. Returns the new names.

    What is no table of ours, such as an error page, is not kept, and fetched again by the next run.
    """
    have = {file.path for file in raw_files(raw)} | _let_go()
    refused, new = Quarantine(bucket("processed"), "sources"), []
    for path, content in extract(have):
        if reason := _reason_to_refuse(content):
            refused.add(path, f"It was fetched and not kept. {reason}")
            continue
        refused.release(path)
        if create(raw, path, content):
            new.append(path)
    return new


def _let_go() -> set[str]:
    """Return the names of files that were checked, and that retention may have deleted since."""
    if RAW_FILES is None:
        return set()
    before = datetime.now(UTC) - timedelta(days=RAW_FILES)
    old = reports(bucket("processed"))
    return {file["source"] for file in old if datetime.fromisoformat(file["arrived"]) < before}


def _reason_to_refuse(content: bytes | BinaryIO) -> str:
    with tempfile.TemporaryDirectory() as folder:
        local = Path(folder) / "raw"
        with local.open("wb") as copy:
            if isinstance(content, bytes):
                copy.write(content)
            else:
                content.seek(0)
                shutil.copyfileobj(content, copy)
        try:
            reading.table(local, COLUMNS, Path(folder))
        except Unreadable as problem:
            return str(problem)
    return ""


def check(raw: ObjectStore, processed: ObjectStore, file: RawFile) -> FileReport:
    """Check one raw file and store its rows. Returns its report, also of a file that is bad."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Scratch(Path(folder), file)
        error = _error(raw, file, scratch)
        if error and not scratch.is_whole:
            scratch = Scratch(Path(folder), file)
        scratch.reject_repeats(processed)
        scratch.store(processed)
    report: FileReport = {
        "source": file.path,
        "etag": file.etag,
        "arrived": file.arrived.isoformat(),
        "checked": datetime.now(UTC).isoformat(),
        "code": reading_code(),
        "error": error,
        **scratch.counts(),
    }
    processed.put(report_path(file), as_json(report))
    return report


def _error(raw: ObjectStore, file: RawFile, scratch: Scratch) -> str | None:
    """Check a file batch by batch. Returns what is wrong with the file as a whole.

    Whatever its content leads to costs this file only. What the machine does (storage away, a full
    disk, no memory) says nothing of the file, and is raised.
    """
    try:
        with on_disk(raw, file, scratch.folder) as local:
            return _read(local, file, scratch)
    except Unreadable as error:
        return str(error)
    except BaseException as error:  # a panic of Polars is no Exception
        if not is_to_blame(error):
            raise
        log.exception("%s can't be checked", file.path)
        return f"It can't be checked: {sentence(error)}"


def _read(local: Path, file: RawFile, scratch: Scratch) -> str | None:
    """Check the batches of a file, and count them. Returns what it lacks, if that left no row."""
    contract.check_names()
    table, lines = reading.table(local, COLUMNS, scratch.folder), 0

    def checked(read: Callable[[], Batch]) -> tuple[int, Written]:
        batch = read()
        good, bad = check_batch(batch.rows, file.arrived, table.marks)
        bad = pl.concat([bad, batch.refused])
        return batch.lines, scratch.write(good.with_columns(_arrival(file)), bad)

    for of_batch, written in in_order(checked, table.reads()):
        lines += of_batch
        scratch.take(written)
    if lines != table.lines:
        raise Unreadable(
            f"It has {table.lines:,} lines of rows, and {lines:,} were read. Please report this."
        )
    scratch.is_whole = True
    return None if scratch.months else table.lacks


def check_batch(
    batch: pl.DataFrame, arrived: datetime | None = None, marks: Marks = Marks.POINT
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split raw rows into checked rows and rejected ones (row, reasons, content as JSON).

    Empty lines, which spreadsheets leave at the end of a file, are neither. Without the time when
    the rows arrived, none is too late.
    """
    # Polars reads into many chunks, which each `select` would copy together again.
    batch = batch.filter(~pl.all_horizontal(pl.exclude(ROW).is_null())).rechunk()
    values, reasons = typed(batch, COLUMNS, marks)
    rows = rows_of(values)
    reasons += [contract.reasons(rows), _left_out(batch, rows)]
    reasons += [too_late(rows, arrived)] if arrived else []
    rejections = pl.concat(reasons).group_by(ROW).agg(pl.col("reason").unique().sort())
    bad = batch.join(rejections, on=ROW, how="semi") if len(rejections) else batch[:0]
    _refuse_other_names(bad)
    good = rows.join(rejections, on=ROW, how="anti") if len(bad) else rows
    if len(good) + len(bad) != len(batch):
        raise Unreadable("`to_rows` in model/source.py makes several rows of one.")
    return good, _rejected(bad, rejections)


def _refuse_other_names(bad: pl.DataFrame) -> None:
    """Raise Unreadable if a row holds the columns' names in another order: what follows does too.

    Files that were put together read so.
    """
    names = [name for name in bad.columns if bad.schema[name] == pl.String]
    if len(names) < len(COLUMNS) or len(names) < 2:
        return
    folded = [name.casefold() for name in names]
    texts = bad.select(pl.col(names).str.strip_chars().str.to_lowercase())
    moved = texts.filter(pl.all_horizontal(pl.col(names).is_in(folded)))
    for row in moved.iter_rows():
        if sorted(row) == sorted(folded) and list(row) != folded:
            raise Unreadable(
                "The names of its columns come again below, in another order. Several files were "
                "put together; add each by itself."
            )


def rows_of(values: pl.DataFrame) -> pl.DataFrame:
    """Make rows of raw values with `to_rows`, in the types of the schema. Raises Unreadable.

    Where `to_rows` does not keep the column ROW, its rows are those of the file in their order.
    """
    try:
        made = to_rows(values.lazy()).lazy()
        kept = made.collect_schema().names()
        if missing := [name for name in _names() if name not in kept]:
            raise Unreadable(
                f"`to_rows` in model/source.py gives no column {', '.join(missing)}. "
                f"It gives {', '.join(kept)}."
            )
        place = [ROW] if ROW in kept else []
        rows = made.select(*place, *_names()).with_columns(_missing_labels()).collect()
    except Unreadable:
        raise
    except BaseException as error:
        if not is_to_blame(error):
            raise
        raise Unreadable(
            f"`to_rows` in model/source.py fails with its rows: {sentence(error)}"
        ) from error
    if not place:
        rows = _placed(rows, values[ROW])
    typed = [name for name in (*FIELDS, KNOWN_AT) if name in rows.columns]
    return rows.with_columns(_wider(rows[name], name) for name in typed)


def _placed(rows: pl.DataFrame, places: pl.Series) -> pl.DataFrame:
    if len(rows) != len(places):
        raise Unreadable(
            "`to_rows` in model/source.py gives another number of rows than it gets. To leave rows "
            "out, it must keep the column `row`, which says which ones are left."
        )
    return rows.insert_column(0, places)


def _wider(column: pl.Series, name: str) -> pl.Series:
    """Return a column in the type of its field, if each of its values has one there."""
    kind, wanted = column.dtype, contract.polars_type(name)
    if wanted == CLOCK:
        return on_the_clock(column)
    number = wanted == pl.Float64 and kind.is_numeric()
    whole = wanted == pl.Int64 and kind.is_integer()
    label = wanted == pl.String and kind in (pl.Categorical, pl.Enum)
    return column.cast(wanted) if number or whole or label else column


def _left_out(batch: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return ROW and reason of raw rows that `to_rows` did not give back."""
    reason = pl.lit("left out by `to_rows` in model/source.py")
    if len(rows) == len(batch):
        return batch[:0].select(ROW, reason=reason)
    return batch.join(rows, on=ROW, how="anti").select(ROW, reason=reason)


def _names() -> list[str]:
    return [name for name in STORED_COLUMNS if name != "arrived"]


def _missing_labels() -> list[pl.Expr]:
    """Return columns of few allowed texts with `NA` as a gap; in any other it may be Namibia."""
    labels = {
        name: allowed(field)
        for name, field in (Question.model_fields | Outcome.model_fields).items()
    }
    return [
        pl.col(name).replace({text: None for text in MISSING_TEXTS if text not in values})
        for name, values in labels.items()
        if values and isinstance(values[0], str)
    ]


def _rejected(rows: pl.DataFrame, rejections: pl.DataFrame) -> pl.DataFrame:
    content = pl.struct(pl.exclude(ROW)).struct.json_encode().alias("content")
    with_reason = rows.select(ROW, content).join(rejections, on=ROW, maintain_order="left")
    return with_reason.select(ROW, "reason", "content")


def _arrival(file: RawFile) -> list[pl.Expr]:
    return [pl.lit(file.arrived.replace(tzinfo=None)).alias(TIME)] if TIME == "arrived" else []
