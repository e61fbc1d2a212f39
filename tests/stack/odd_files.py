"""Files of visits of every kind that was ever mishandled, three of each, with the right outcome."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count

COLUMNS = ("visit", "at", "town", "kind", "member", "hours", "seats", "note", "cost")
ROWS = 8
numbers = count(1)


@dataclass(frozen=True)
class File:
    """A file with what must become of it: rows used, rows refused by reason, or its sentence."""

    content: bytes
    used: int = ROWS
    refused: dict[str, int] = field(default_factory=dict)
    sentence: str = ""


def rows(**changes) -> list[dict[str, str]]:
    """Return rows of visits that stand in no other file; a change is a value, or one for each."""
    number = next(numbers)
    of_all = {
        name: value if isinstance(value, (list, tuple)) else [value] * ROWS
        for name, value in changes.items()
    }
    return [
        {
            "visit": f"{1_000_000 + number * 100 + place}",
            "at": f"2026-03-0{place + 1}T09:15:00",
            "town": "Ulm",
            "kind": "car",
            "member": "true",
            "hours": "2.5",
            "seats": "5",
            "note": "rattles",
            "cost": "170.5",
        }
        | {name: values[place] for name, values in of_all.items()}
        for place in range(ROWS)
    ]


def text(table: list[dict], separator=",", end="\n", names: Iterable[str] = COLUMNS) -> str:
    """Write rows without any quotation mark that is not in them."""
    written = [names, *(row.values() for row in table)]
    return "".join(separator.join(line) + end for line in written)


def csv(encoding="utf-8", separator=",", end="\n", names=COLUMNS, **changes) -> bytes:
    """Write rows that stand in no other file."""
    return text(rows(**changes), separator, end, names).encode(encoding)


def one(value: str, other: str = "Ulm") -> list[str]:
    """Return a value for the third row, and another one for all others."""
    return [value if place == 2 else other for place in range(ROWS)]


def line(old: str, new: str, **changes) -> bytes:
    """Change the third line of rows that stand in no other file."""
    lines = text(rows(**changes)).splitlines(keepends=True)
    lines[3] = lines[3].replace(old, new)
    return "".join(lines).encode()


def packed(name: str, content: bytes) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr(name, content)
    return whole.getvalue()


def damaged(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0x55]) + content[middle + 1 :]


ONE = ROWS - 1
BROKEN, NO_TEXT, AS_CSV = "It is broken off, or damaged", "It is no text", "Save it as CSV"
TOO_MANY, TOO_FEW = "too many fields in this line", "too few fields in this line"
LATE, COST = "at: later than the file arrived", "cost: not a number"
TWO_THINGS = "cost: a comma or point that may mean two things; write 1234.5"

FILES = {
    "k01 xz.csv.xz": File(lzma.compress(csv())[:-9], 0, sentence=BROKEN),
    "k01 bz2.csv.bz2": File(damaged(bz2.compress(csv())), 0, sentence=BROKEN),
    "k01 gzip.csv.gz": File(damaged(gzip.compress(csv())), 0, sentence=BROKEN),
    "k02 [brackets] {1}.csv": File(csv()),
    "k02 %20 # ? & + ü 統.csv": File(csv()),
    f"k02 {'long' * 50}/{'name' * 50}.csv": File(csv()),
    "k03 2099.csv": File(csv(at=one("2099-01-01", "2026-03-01")), ONE, {LATE: 1}),
    "k03 9999.csv": File(csv(at=one("9999-12-31T23:59:59", "2026-03-01")), ONE, {LATE: 1}),
    "k03 1905.csv": File(
        csv(at=one("1905-01-01", "2026-03-01")), ONE, {"at: below 2000-01-01 00:00": 1}
    ),
    "k04 beyond.csv": File(csv(visit=[f"{2**53 + place}" for place in range(1, 9)])),
    "k04 largest.csv": File(csv(visit=[f"{2**63 - 1 - place}" for place in range(8)])),
    "k04 twenty digits.csv": File(
        csv(visit=one(f"{2**64}", "77")),
        1,
        {
            "visit: a whole number beyond what its column holds exactly": 1,
            "visit: missing or unreadable": 1,
            "two versions of one row in one file: the later one is used": 6,
        },
    ),
    "k05 inch.csv": File(csv(note=one('20" tyre', "rattles"))),
    "k05 opens.csv": File(
        csv(note=one('"loud', "rattles")),
        ONE,
        {"a quotation mark that opens a text and is not closed": 1},
    ),
    "k05 doubled.csv": File(csv(note=one('"says ""hi, you"" twice"', "rattles"))),
    "k06 comma.csv": File(line("170.5", "170,5"), ONE, {TOO_MANY: 1}),
    "k06 at the end.csv": File(line("170.5", "170.5,"), ONE, {TOO_MANY: 1}),
    "k06 too few.csv": File(line(",rattles", ""), ONE, {TOO_FEW: 1}),
    "k07 windows.csv": File(csv("cp1252", town="Düren"), 0, sentence="It is not UTF-8 (line 2)"),
    "k07 packed.csv.gz": File(
        gzip.compress(csv("cp1252", town="Düren")), 0, sentence="looks like Windows-1252"
    ),
    "k07 shift-jis.csv": File(csv("shift-jis", town="東京"), 0, sentence="It is not UTF-8"),
    "k08 capitals.csv": File(csv(names=map(str.upper, COLUMNS))),
    "k08 spaces.csv": File(csv(names=(f" {name} " for name in COLUMNS))),
    "k08 unit.csv": File(
        csv(names=(*COLUMNS[:-1], "cost_eur")), 0, sentence="`cost_eur` is nearly cost"
    ),
    "k09 twice.csv": File(
        csv(names=(*COLUMNS[:-2], "cost", "cost")), 0, sentence="Two of its columns are called cost"
    ),
    "k09 capitals.csv": File(
        csv(names=(*COLUMNS[:-2], "Cost", "COST")), 0, sentence="Two of its columns are called cost"
    ),
    "k09 visit.csv": File(
        csv(names=("visit", "at", "visit", *COLUMNS[3:])), 0, sentence="are called visit"
    ),
    "k10 cr.csv": File(csv(end="\r")),
    "k10 crlf.csv": File(csv(end="\r\n")),
    "k10 blank.csv": File(b"\n\n" + csv(end="\n\n") + b"\n\n"),
    "k13 nbsp.csv": File(csv(town=one("\u00a0Ulm\u00a0"))),
    "k13 wide.csv": File(csv(town=one("\u3000Ulm"))),
    "k13 tab.csv": File(csv(town=one("\tUlm "))),
    "k14 float.csv": File(csv(town=one("1067.0", "1067"))),
    "k14 zero.csv": File(csv(town=one("01067", "1067"))),
    "k14 seats.csv": File(csv(seats=one("5.0", "5"))),
    "k15 workbook.xlsx": File(packed("xl/workbook.xml", b""), 0, sentence="Excel workbook"),
    "k15 page.html": File(b"<html><table></table></html>", 0, sentence="a web page (HTML)"),
    "k15 lines.jsonl": File(b'{"visit": 1}\n' * 3, 0, sentence="lines of JSON"),
    "k15 array.json": File(b'[\n{"visit": 1}\n]', 0, sentence="It holds JSON"),
    "k15 stored.zip": File(packed("rows.csv", csv()), 0, sentence="It is a zip archive"),
    "k15 page.pdf": File(b"%PDF-1.7\n1 0 obj", 0, sentence="It is a PDF"),
    "k15 title.csv": File(b"Visits in March\n" + csv(), 0, sentence="stand in line 2"),
    "k15 sep.csv": File(b"sep=|\r\n" + csv(separator="|", end="\r\n")),
    "k16 tabs.tsv.xz": File(lzma.compress(csv(separator="\t"))),
    "k16 bars.csv.bz2": File(bz2.compress(csv(separator="|"))),
    "k16 utf-16.csv": File(csv("utf-16", ";")),
    "k17 comma.csv": File(csv(separator=";", cost=one("1.100,50", "7,5"), hours="2,5")),
    "k17 both.csv": File(csv(separator=";", cost=one("2.5", "7,5"), hours="2"), 1, {TWO_THINGS: 7}),
    "k17 thousands.csv": File(csv(cost=one('"1,234.50"', "7.5")), ONE, {TWO_THINGS: 1}),
    "k18 words.csv": File(csv(member=["Y", "n", "TRUE", "F", "yes", "No", "1", "0"])),
    "k18 ja.csv": File(
        csv(member=one("ja", "true")),
        ONE,
        {
            "member: missing or unreadable": 1,
            "member: not true or false; true, t, yes, y, 1 and false, f, no, n, 0 count": 1,
        },
    ),
    "k18 spaces.csv": File(csv(member=" True ")),
    "k19 outcomes.csv": File(
        csv(visit="88", cost=[f"{place}" for place in range(ROWS)]),
        1,
        {"two outcomes of one row in one file: the later one is used": 7},
    ),
    "k19 versions.csv": File(
        csv(visit="89", hours=[f"{place}" for place in range(ROWS)]),
        1,
        {"two versions of one row in one file: the later one is used": 7},
    ),
    "k19 same.csv": File(
        csv(visit="90", at="2026-03-01"), 1, {"the same row twice in one file": 7}
    ),
    "k22 zulu.csv": File(csv(at=one("2026-03-03T10:00:00Z", "2026-03-01"))),
    "k22 offset.csv": File(csv(at=one("2026-03-03 10:00:00.5+05:30", "2026-03-01"))),
    "k22 american.csv": File(
        csv(at=one("03/04/2026", "2026-03-01")), ONE, {"at: missing or unreadable": 1}
    ),
}
"""Each file by its name in the bucket `raw`."""

PASSED_OVER = ("a folder/", "spark/_SUCCESS", "spark/.part-0.csv.crc", "_temporary/0/part.csv")
"""Names that other programs leave behind."""
