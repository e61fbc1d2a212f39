"""The page docs/limits.md says what becomes of each of these files, and this writes it."""

import gzip
import io
import zipfile
from pathlib import Path

import polars as pl
import pytest

from tests.raw_tables import COLUMNS, GOOD, ROWS, lines, problem, read

PAGE = Path(__file__).parent.parent / "docs" / "limits.md"

TAKEN = {
    "CSV in UTF-8, with or without a mark in front": lines().encode("utf-8-sig"),
    "UTF-16 and UTF-32 with a mark; UTF-16 without, if the names are plain letters": lines().encode(
        "utf-16-le"
    ),
    "fields between commas, semicolons, tabs or bars": lines(separator="|").encode(),
    "a first line `sep=;`, as Excel writes it": b"sep=;\n" + lines(separator=";").encode(),
    "lines that end in LF, CR LF, or CR alone": lines().replace("\n", "\r").encode(),
    "blank lines anywhere": b"\n" + lines().replace("\n", "\n\n").encode(),
    "packed with gzip, bz2, xz or zstd": gzip.compress(lines().encode()),
    "decimal commas between semicolons or tabs, if all numbers of the file fit": lines(
        separator=";"
    )
    .replace(".", ",")
    .encode(),
    "`1.0` for the whole number 1": lines().replace("\n1,", "\n1.0,").encode(),
    "days with slashes, from the year down": lines().replace("2026-03-0", "2026/03/0").encode(),
    "times with a zone, which are brought to the clock of ZONE": lines()
    .replace("10:00:00", "10:00:00Z")
    .encode(),
    "names of columns that differ in capitals and spaces around them": lines(
        names=("ID", " at", "Day", "TOWN ", "member", "cost")
    ).encode(),
    "other words for true and false: t, yes, y, 1 and f, no, n, 0": lines()
    .replace("true", "Y")
    .replace("false", "N")
    .encode(),
}


def _zip(name: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, "")
    return packed.getvalue()


def _parquet() -> bytes:
    written = io.BytesIO()
    pl.DataFrame({"id": [1]}).write_parquet(written)
    return written.getvalue()


NAMES = list(COLUMNS)

REFUSED = {
    "an empty file": b"",
    "an Excel workbook": _zip("xl/workbook.xml"),
    "a zip": _zip("rows.csv"),
    "a PDF": b"%PDF-1.7",
    "lines of JSON": b'{"id": 1}\n{"id": 2}\n',
    "a web page": b"<!DOCTYPE html><html></html>",
    "a packed file that is cut short": gzip.compress(lines(ROWS * 100).encode())[:-9],
    "text in Windows-1252": lines().encode("cp1252"),
    "zero bytes": b"id\0\0\0\1",
    "a damaged Parquet file": b"PAR1 and no more",
    "an encrypted Parquet file": b"PARE and no more",
    "several Parquet files in one": _parquet() * 2,
    "lines that end in CR and in LF": lines().replace("\n", "\r", 1).encode(),
    "a title above the names": b"Report of March\n" + lines().encode(),
    "none of the columns": b"a,b\n1,2\n",
    "a column twice": lines(names=(*NAMES[:4], "cost", "cost")).encode(),
    "a name that is nearly right": lines(names=(*NAMES[:5], "cost (EUR)")).encode(),
    "more than 5,000 columns": b"id," + b"x," * 5000 + b"y\n1\n",
    "names of more than 4 MB": b"id," * 1_500_000,
    "a line of more than 24 MB": b"id,cost\n1," + b"1" * 25_200_000,
    "what unpacks to 200 times its size, and more than 64 MB": gzip.compress(b"0" * 68_000_000),
}

HEAD = "id,at,day,town,member,cost\n"

ROWS_REFUSED = {
    "one field too many": "1,2026-03-02,2026-03-02,Ulm,true,1,5",
    "one field too few": "1,2026-03-02,2026-03-02,Ulm,true",
    "a quoted text that does not end": '1,2026-03-02,2026-03-02,"Ulm,true,1',
    "a backslash before a quotation mark": '1,2026-03-02,2026-03-02,"\\"Ulm\\"",true,1',
    "quotation marks in two rows, which would make one text of them": (
        '1,2026-03-02,2026-03-02,"Ulm,true,1\n2,2026-03-02,2026-03-02,Ulm",true,1'
    ),
    "a CR inside a line": "1,2026-03-02,2026-03-02,U\rlm,true,1",
    "a whole number with decimals": "1.5,2026-03-02,2026-03-02,Ulm,true,1",
    "a whole number beyond 64 bits": "9223372036854775808,2026-03-02,2026-03-02,Ulm,true,1",
    "no number": "1,2026-03-02,2026-03-02,Ulm,true,many",
    "a decimal comma between commas": '1,2026-03-02,2026-03-02,Ulm,true,"1,5"',
    "a time that is not in the order of ISO 8601": "1,02.03.2026,2026-03-02,Ulm,true,1",
    "no word for true or false": "1,2026-03-02,2026-03-02,Ulm,ja,1",
}


def reason(line: str) -> str:
    _, refused, reasons = read(f"{HEAD}{line}\n".encode())
    return reasons[0] if reasons else refused["reason"][0][0]


def page() -> str:
    taken = "\n".join(f"- {what}" for what in TAKEN)
    files = "\n".join(f"| {what} | {problem(content)} |" for what, content in REFUSED.items())
    rows = "\n".join(f"| {what} | {reason(line)} |" for what, line in ROWS_REFUSED.items())
    return f"""# What is read, and what is refused

tests/test_limits.py writes this page: each line is what becomes of a file that is tried there. Its
columns are {", ".join(NAMES)}; yours are those of COLUMNS in model/source.py.

## Read

{taken}

Files whose name, or a folder's, begins with `_` or `.` are passed over, and so are empty "folders".

## Files that are refused as a whole

Nothing of such a file is used. The sentence stands on the board *Pipeline* and in `files/` in the
bucket processed; all other files are used.

| what | sentence |
|---|---|
{files}

## Rows that are refused

All other rows of the file are used. A refused row is kept in `rejected/` in the bucket processed,
with its place in the file and its content.

| what | reason |
|---|---|
{rows}

A row whose event is later than the arrival of its file is refused too; LATEST_AHEAD in
model/schema.py says by how much. Of two rows with one key the later one is used. Without a key,
equal rows of one file are as many rows; those that another file brought as often are known already.
In Parquet, a row is refused where a value is a list or record, a text that is not UTF-8, or a time
finer than a microsecond.

## What it costs

A clean megabyte is read in some hundredths of a second. Whatever else stands in a file, a megabyte
takes two seconds of a core at most, and the file 600 MB of memory: quotation marks that open on
each line are slowest. Where the time of an event is no part of KEY, a row is also looked for in
other months: each of their parts whose keys may be the same is read once for each file.
"""


@pytest.mark.parametrize("content", TAKEN.values(), ids=TAKEN)
def test_what_the_page_calls_read_is_read(monkeypatch, content):
    monkeypatch.setattr("processing.rows.times.ZONE", "UTC")
    values, refused, reasons = read(content)
    assert values.drop("row").equals(GOOD.drop("row")) and not len(refused) and not reasons


def test_the_page_says_what_happens():
    before = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    now = page()
    PAGE.write_text(now, encoding="utf-8")
    assert before == now, "docs/limits.md was out of date and has been written anew"
