"""Whatever comes in a file: each row is used with exactly its values, or refused with a reason."""

import bz2
import gzip
import io
import lzma
import os
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.values import text
from processing.rows import csv_file, line_by_line, unpacking
from processing.rows.contract import ROW
from processing.rows.typed import typed
from tests.raw_tables import COLUMNS, GOOD, ROWS, lines, problem, read

FILES = int(os.environ.get("FILES", "200"))
"""How many files of random tables are tried."""


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
@pytest.mark.parametrize("above", ["", "\n\n", "sep=X\n"])
def test_a_table_is_the_same_however_it_is_written(separator, end, encoding, above):
    written = above.replace("X", separator) + lines(separator=separator)
    values, refused, reasons = read(written.replace("\n", end).encode(encoding))
    assert values.equals(GOOD) and not len(refused) and not reasons


ZSTD = pa.Codec("zstd")
PACK = {
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zstd": lambda content: ZSTD.compress(content, asbytes=True),
}


@pytest.mark.parametrize("pack", PACK.values(), ids=PACK)
def test_a_packed_table_is_read_whole_or_not_at_all(pack):
    packed = pack(lines(ROWS * 500, ";").encode())
    assert len(read(packed)[0]) == 2000
    for length in (len(packed) - 1, len(packed) // 2, 12):
        assert "broken off" in problem(packed[:length])
    assert "packed twice" in problem(pack(packed))


@pytest.mark.parametrize("pack", PACK.values(), ids=PACK)
def test_what_unpacks_to_far_more_is_refused(monkeypatch, pack):
    monkeypatch.setattr(unpacking, "ALWAYS_ALLOWED", 1000)
    assert "200 times" in problem(pack(b"a" * 10_000_000))


def test_numbers_of_lines_of_the_last_field_are_right_in_small_batches(monkeypatch):
    monkeypatch.setattr(csv_file, "BATCH_ROWS", 3)
    monkeypatch.setattr(csv_file, "BATCH_BYTES", 400)
    monkeypatch.setattr(csv_file, "PIECE", 7)
    quoted = ("5", "2026-03-05 10:00:00", "2026-03-05", '"a\nb"', "false", "-1")
    short = ("6", "2026-03-05 10:00:00")
    values, refused, _ = read(lines([*ROWS, quoted, *ROWS, short] * 5).encode())
    assert values[ROW].to_list() == [row for row in range(1, 51) if row % 10]
    assert refused[ROW].to_list() == [10, 20, 30, 40, 50]
    assert [
        f'"line":{line},' in content
        for line, content in zip((12, 23, 34, 45, 56), refused["content"], strict=True)
    ] == [True] * 5


@pytest.mark.parametrize("size", range(150, 400, 10))
def test_a_text_of_several_lines_may_stand_where_a_batch_ends(monkeypatch, size):
    monkeypatch.setattr(csv_file, "BATCH_BYTES", 400)
    monkeypatch.setattr(csv_file, "LEAST_BYTES", size)
    monkeypatch.setattr(csv_file, "ALMOST_BATCH_ROWS", 1)
    monkeypatch.setattr(csv_file, "PIECE", 64)
    quoted = ("5", "2026-03-05 10:00:00", "2026-03-05", '"a\nb\nc"', "false", "-1")
    values, refused, _ = read(lines([*ROWS, *ROWS, *ROWS, quoted] * 9).encode())
    assert len(values) == 13 * 9 and not len(refused)


FAULTS = {
    "1,2026-03-02 10:00:00,2026-03-02,Ulm,true,1,5": line_by_line.TOO_MANY,
    "1,2026-03-02 10:00:00,2026-03-02,Ulm,true,1,": line_by_line.TOO_MANY,
    "1,2026-03-02 10:00:00,2026-03-02,Ulm,true": line_by_line.TOO_FEW,
    '1,2026-03-02 10:00:00,2026-03-02,"Ulm, a",true,1,5': line_by_line.TOO_MANY,
    '1,2026-03-02 10:00:00,2026-03-02,"Ulm,true,1': line_by_line.NOT_CLOSED,
    '"1,2026-03-02 10:00:00,2026-03-02,Ulm,true,1': line_by_line.NOT_CLOSED,
    r'1,2026-03-02 10:00:00,2026-03-02,"a \"b, c\" d",true,1': line_by_line.NOT_DOUBLED,
    '1,2026-03-02 10:00:00,2026-03-02,"Ulm"x,true,1': line_by_line.NOT_DOUBLED,
    "1,2026-03-02 10:00:00,2026-03-02,U\rlm,true,1": line_by_line.BREAK,
    "1,2026-03-02 10:00:00,2026-03-02,U\0lm,true,1": line_by_line.ZERO,
}


@pytest.mark.parametrize(("line", "reason"), FAULTS.items())
def test_a_faulty_line_costs_itself_with_its_number(line, reason):
    before, after = lines(ROWS[:2]), lines(ROWS[2:]).split("\n", 1)[1]
    values, refused, _ = read(f"{before}{line}\n{after}".encode())
    assert values["town"].to_list() == ["Ulm", "Köln", "Bonn", "Ulm"]
    assert values[ROW].to_list() == [1, 2, 4, 5]
    assert refused["reason"].to_list() == [[reason]]
    assert '"line":4' in refused["content"][0]


INCH_MARKS = [
    ('20" tyre', "Ulm", '10" tyre'),
    ('20"', "Ulm", '10"'),
    ('"loud', "Ulm", "Ulm"),
    ('"loud', "Ulm", 'quiet"'),
    ('"loud', 'quiet"', "Ulm"),
    ('"a" b', "Ulm", '"c'),
    ('"a', 'b "" c', 'd"'),
]


@pytest.mark.parametrize("towns", INCH_MARKS)
def test_no_quotation_mark_makes_a_row_vanish(towns):
    rows = [(*ROWS[0][:3], town, *ROWS[0][4:]) for town in towns]
    values, refused, _ = read(lines([*ROWS, *rows, *ROWS]).encode())
    assert len(values) + len(refused) == 11
    assert values["town"].to_list()[:4] == values["town"].to_list()[-4:] == [row[3] for row in ROWS]
    assert set(values["town"]) <= {row[3] for row in ROWS} | set(towns)


def test_a_text_of_several_lines_is_one_text():
    town = 'Dear, "Sir",\n\nyours\r\ntruly'
    rows = [(*ROWS[0][:3], f'"{town.replace(chr(34), chr(34) * 2)}"', *ROWS[0][4:])]
    values, refused, _ = read(lines([*ROWS, *rows, *ROWS]).encode())
    assert values["town"][4] == town and len(values) == 9 and not len(refused)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "It is empty"),
        (b"\n \r\n", "It is empty"),
        (lines().encode("cp1252"), "It is not UTF-8 (line 3); it looks like Windows-1252"),
        (b"%PDF-1.7\n", "It is a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel"),
        (b'{"id": 1}\n{"id": 2}\n', "lines of JSON"),
        (b'[\n {"id": 1}\n]\n', "JSON"),
        (b'{\n "id": 1}\n', "JSON"),
        (b"<!DOCTYPE html><html>id</html>", "a web page"),
        (b"<?xml version='1.0'?><rows/>", "XML"),
        (b"a\0\1\0\0\0b", "It is no text"),
        (b"PAR1 and no more", "It can't be read as Parquet"),
        (b"Report, March\n\n" + lines().encode(), "stand in line 3"),
        (b"a,b\n1,2\n", "It has none of the columns at, cost, day, id, member, town. It has a, b."),
        (lines(names=("id", "at", "day", "town", "cost", "cost")).encode(), "called cost"),
        (lines(names=("id", "at", "day", "town", "Cost ", "COST")).encode(), "called cost"),
        (lines(names=("id", "at", "day", "town", "member", "cost (EUR)")).encode(), "nearly cost"),
        (lines(names=("id", "at", "day", "town", "member", "Costs")).encode(), "nearly cost"),
        (b"id," + b"x," * 6000 + b"y\n1\n", "columns"),
        (b"id" * 3_000_000, "first line is longer"),
        (lines().replace("\n", "\r", 1).encode(), "end in CR and some in LF"),
        (lines().encode("cp500"), "not UTF-8 (line 1)"),
        (b"id\x1fat\x1e1\x1f2026", "control characters"),
        (b"<svg/>", "an XML file"),
        (b"[visits]\nid=1\n", "It has [visits]"),
        (b"PARE" + b"\0" * 20, "an encrypted Parquet file"),
        (b"\xff\xff\xff\xff\0\0", "an Arrow stream"),
        (b"id,cost\n" + b"1" * 26_000_000, "line 2 is longer"),
    ],
)
def test_a_file_that_is_no_table_is_named_for_what_it_is(content, says):
    assert says in problem(content)


@pytest.mark.parametrize(
    ("inside", "says"),
    [("xl/workbook.xml", "Excel"), ("rows.csv", "a zip archive"), ("word/a", "Office")],
)
def test_a_zip_is_named_for_what_is_in_it(inside, says):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(inside, lines())
    assert says in problem(packed.getvalue())


def test_names_may_differ_in_capitals_and_spaces():
    names = ("ID", " at", "Day ", "town", "MEMBER", " Cost ")
    assert read(lines(names=names).encode())[0].equals(GOOD)


BIG = 2**53 + 1
NUMBERS = [
    (pl.Series([BIG, -BIG]), [BIG, -BIG]),
    (pl.Series([BIG], dtype=pl.UInt64), [BIG]),
    (pl.Series([2**64 - 1], dtype=pl.UInt64), None),
    (pl.Series([Decimal(BIG), Decimal("1.00")]), [BIG, 1]),
    (pl.Series([Decimal("1.50")]), None),
    (pl.Series([str(BIG), "9.0", " 7 ", "1e3", "+5", "9.00"]), [BIG, 9, 7, 1000, 5, 9]),
    (pl.Series(["1.000"]), None),
    (pl.Series(["1.5"]), None),
    (pl.Series(["1.78e18"]), None),
    (pl.Series([str(2**63)]), None),
    (pl.Series([1.0, None, float("nan")]), [1, None, None]),
    (pl.Series([float(BIG)]), None),
    (pl.Series([2.0**24], dtype=pl.Float32), None),
    (pl.Series([datetime(2026, 1, 1)]), None),
]


@pytest.mark.parametrize(("column", "right"), NUMBERS)
def test_a_whole_number_is_exact_or_refused(column, right):
    values, reasons = typed(pl.DataFrame({ROW: range(len(column)), "id": column}), {"id": pl.Int64})
    assert values["id"].to_list() == (right or [None])
    assert bool(reasons and len(reasons[0])) == (right is None)


CODES = [
    (pl.Series([1067.0, None]), ["1067", None]),
    (
        pl.Series(["1067.0", "1067", " 1067 ", "", "01067.0"]),
        ["1067", "1067", "1067", None, "01067.0"],
    ),
    (pl.Series([1067]), ["1067"]),
    (pl.Series([Decimal("1067.00")]), ["1067"]),
    (pl.Series([0.5]), ["0.5"]),
    (pl.Series([float(BIG)]), [None]),
]


@pytest.mark.parametrize(("column", "right"), CODES)
def test_a_code_is_one_text_from_whatever_column(column, right):
    values, _ = typed(pl.DataFrame({ROW: range(len(column)), "town": column}), {"town": pl.String})
    assert values["town"].to_list() == right


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=8) | st.floats().map(str)))
def test_a_text_means_the_same_in_a_file_and_in_a_question(texts):
    column = pl.Series("town", texts, dtype=pl.String)
    values, _ = typed(pl.DataFrame({ROW: range(len(texts)), "town": column}), {"town": pl.String})
    assert values["town"].to_list() == [text(value) for value in texts]


@pytest.mark.parametrize(
    ("numbers", "right"),
    [
        (["1,5", "1.100,50", "-2", "1.100"], [1.5, 1100.5, -2.0, 1100.0]),
        (["1.5", "1.100", "2"], [1.5, 1.1, 2.0]),
        (["1,234", "5"], [None, 5.0]),
        (["1,5", "2.5"], [None, 2.5]),
        (["1,234.50", "1.234"], [None, None]),
    ],
)
def test_a_comma_in_a_number_is_read_only_where_it_is_sure(numbers, right):
    content = "cost;id\n" + "".join(f"{number};1\n" for number in numbers)
    values, _, reasons = read(content.encode())
    assert values["cost"].to_list() == right
    assert len(reasons) == right.count(None)
    assert all("may mean two things" in reason for reason in reasons)


def test_a_quoted_comma_between_commas_is_refused():
    values, _, reasons = read(b'cost,id\n"1,5",1\n"1,234.50",2\n3,3\n')
    assert values["cost"].to_list() == [None, None, 3.0] and len(reasons) == 2


TIMES = [
    ("2026-03-02T10:00", datetime(2026, 3, 2, 10)),
    ("2026-03-02 10:00:00.25", datetime(2026, 3, 2, 10, 0, 0, 250_000)),
    (" 2026-03-02 ", datetime(2026, 3, 2)),
    ("2026-03-02 23:59:60", None),
    ("2026-03-02 24:00:00", None),
    ("2026-03-02 10:00:00.1234567", None),
    ("2026/03/02 10:00", datetime(2026, 3, 2, 10)),
    ("02.03.2026 10:00", None),
    ("2026-02-30 10:00", None),
    ("soon", None),
]


@pytest.mark.parametrize(("written", "right"), TIMES)
def test_a_time_is_read_from_text_or_refused(written, right):
    values, _, reasons = read(f"at,id\n{written},1\n".encode())
    assert (values["at"][0], bool(reasons)) == (right, right is None)


@pytest.mark.parametrize("zone", ["Z", "+00:00", "-0000", " UTC", "+02:00"])
def test_a_time_with_a_zone_is_brought_to_the_clock_of_ours(monkeypatch, zone):
    monkeypatch.setattr("processing.rows.times.ZONE", "Europe/Berlin")
    values, _, _ = read(f"at,id\n2026-07-02T10:00:00{zone},1\n".encode())
    assert values["at"][0] == datetime(2026, 7, 2, 10 if zone == "+02:00" else 12)


def test_a_time_of_a_column_with_a_zone_is_brought_to_the_clock_of_ours(monkeypatch):
    monkeypatch.setattr("processing.rows.times.ZONE", "Europe/Berlin")
    values, _, _ = read(parquet({"at": [datetime(2026, 7, 2, 10, tzinfo=UTC)], "id": [1]}))
    assert values["at"].to_list() == [datetime(2026, 7, 2, 12)]


@pytest.mark.parametrize("kind", [pl.Datetime, pl.Datetime("ms"), pl.Datetime("us", "UTC")])
def test_times_are_on_the_clock_of_ours_whatever_kind_columns_names(monkeypatch, kind):
    monkeypatch.setattr("processing.rows.times.ZONE", "Europe/Berlin")
    columns = {"id": pl.Int64, "at": kind}
    values, _, _ = read(b"id,at\n1,2026-07-02 10:00\n2,2026-07-02T10:00:00Z\n", columns)
    assert values["at"].to_list() == [datetime(2026, 7, 2, 10), datetime(2026, 7, 2, 12)]


@pytest.mark.parametrize(
    ("word", "right"), [("Y", True), ("n", False), ("TRUE", True), ("0", False), ("ja", None)]
)
def test_words_for_true_and_false_count_or_the_sentence_names_them(word, right):
    values, _, reasons = read(f"member,id\n{word},1\n".encode())
    assert values["member"][0] is right
    assert right is not None or "true, t, yes, y, 1 and false" in reasons[0]


def parquet(columns: dict, **options) -> bytes:
    written = io.BytesIO()
    pq.write_table(pa.table(columns), written, **options)
    return written.getvalue()


def test_bytes_that_are_no_text_cost_their_row():
    values, refused, _ = read(parquet({"id": [1, 2], "town": ["Köln".encode("latin-1"), b"Ulm"]}))
    assert values["town"].to_list() == ["Ulm"]
    assert "town: not UTF-8; it looks like Windows-1252" in refused["reason"][0]


def test_lists_and_records_cost_their_rows():
    for odd in ([["Ulm"], None], [{"name": "Ulm"}, None]):
        values, refused, _ = read(parquet({"id": [1, 2], "town": odd}))
        assert values.rows() == [(2, 2, *[None] * 5)]
        assert refused["reason"].to_list() == [["town: a list or record"]]


ONE_MOMENT = datetime(2026, 7, 2, 10)


@pytest.mark.parametrize("zone", ["+05:30", "UTC", "Asia/Kolkata", "Mars/Base"])
def test_a_time_of_any_zone_is_one_moment(monkeypatch, zone):
    monkeypatch.setattr("processing.rows.times.ZONE", "Europe/Berlin")
    at = pa.array([ONE_MOMENT], pa.timestamp("us", zone))
    assert read(parquet({"at": at, "id": [1]}))[0]["at"].to_list() == [datetime(2026, 7, 2, 12)]


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
@pytest.mark.parametrize("zone", [None, "UTC"])
def test_an_impossible_time_costs_its_row(monkeypatch, unit, zone):
    monkeypatch.setattr("processing.rows.times.ZONE", "UTC")
    per_second = {"s": 1, "ms": 1_000, "us": 1_000_000}[unit]
    numbers = [2**62 // (1_000_000 // per_second), 1_782_986_400 * per_second]
    at = pa.array(numbers, pa.timestamp(unit, zone))
    values, _, reasons = read(parquet({"at": at, "id": [1, 2]}))
    assert values["at"].to_list() == [None, ONE_MOMENT]
    assert reasons == ["at: not a time as 2026-03-31 14:05; others are for `to_rows` to read"]


def test_a_time_finer_than_ours_is_refused():
    at = pa.array([1_782_986_400_000_000_000 + finer for finer in (0, 1)], pa.timestamp("ns"))
    values, _, reasons = read(parquet({"at": at, "id": [1, 2]}))
    assert values["at"].to_list() == [ONE_MOMENT, None] and len(reasons) == 1


def test_an_odd_parquet_is_read_or_named():
    cost = pa.array([Decimal("170.50")], pa.decimal256(50, 2))
    assert read(parquet({"cost": cost, "id": [1]}))[0]["cost"].to_list() == [170.5]
    twice = pa.Table.from_arrays([pa.array([1])] * 3, names=["id", "x", "x"])
    written = io.BytesIO()
    pq.write_table(twice, written)
    assert "called x" in problem(written.getvalue())
    assert "several Parquet files" in problem(parquet({"id": [1]}) * 2)


def test_a_long_text_that_is_stored_once_and_repeated_is_refused():
    town = pa.DictionaryArray.from_arrays(pa.array([0] * 1000, pa.int32()), ["x" * 2**20])
    assert "texts are too long" in problem(parquet({"id": [1] * 1000, "town": town}))


cells = st.none() | st.text(
    st.characters(codec="utf-8", exclude_characters="\0") | st.sampled_from('",;\n\r\t| "\''),
    max_size=12,
)
tables = st.lists(
    st.tuples(
        st.integers(-(2**63), 2**63 - 1),
        st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),
        st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1)),
        cells,
        st.none() | st.booleans(),
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
    ),
    min_size=1,
    max_size=30,
)


def right(rows: list[tuple]) -> list[tuple]:
    """Return what must be read: texts stripped, nothing else changed."""
    return [(*row[:3], text(row[3]) if row[3] is not None else None, *row[4:]) for row in rows]


@given(
    rows=tables,
    separator=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
    quote=st.sampled_from(["necessary", "always", "non_numeric"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    pack=st.sampled_from([bytes, *PACK.values()]),
    names=st.permutations(list(COLUMNS)),
)
@settings(max_examples=FILES, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_row_of_csv_is_used_exactly_or_refused(
    rows, separator, end, quote, encoding, pack, names
):
    made = pl.DataFrame(rows, schema=COLUMNS, orient="row")
    written = made.select(names).write_csv(
        separator=separator, line_terminator=end, quote_style=quote
    )
    assert_each_row_is_used_or_refused(pack(written.encode(encoding)), rows)


@given(
    rows=tables,
    compression=st.sampled_from(["none", "snappy", "gzip", "zstd"]),
    text_type=st.sampled_from(
        [pa.string(), pa.large_string(), pa.binary(), pa.dictionary(pa.int32(), pa.string())]
    ),
    unit=st.sampled_from(["us", "ns"]),
)
@settings(max_examples=FILES, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_row_of_parquet_is_used_exactly(rows, compression, text_type, unit):
    types = [pa.int64(), pa.timestamp(unit), pa.date32(), text_type, pa.bool_(), pa.float64()]
    columns = {
        name: pa.array(values, kind)
        for name, values, kind in zip(COLUMNS, zip(*rows, strict=True), types, strict=True)
    }
    assert_each_row_is_used_or_refused(parquet(columns, compression=compression), rows, refusals=0)


def assert_each_row_is_used_or_refused(content: bytes, rows: list, refusals: int | None = None):
    values, refused, reasons = read(content)
    used = dict(zip(values[ROW], values.drop(ROW).iter_rows(), strict=True))
    assert not reasons and refusals in (None, len(refused))
    assert all(refused["reason"].list.len() > 0)
    if len(refused):  # one that looks like several rows counts as several, and moves those below
        assert set(used.values()) <= set(right(rows))
    else:
        assert [used[row] for row in sorted(used)] == right(rows)
