"""What kind of file it is, told by its first bytes, and what to do about one that is no table."""

import json
import re
from pathlib import Path

START = 4096
"""So many bytes tell the kind of a file."""


class Unreadable(Exception):
    """A file that can't be used; the text says what it is and what to do."""


PARQUET = b"PAR1"

PACKED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bz2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
"""How packed files begin that are unpacked here."""

AS_CSV = "Save it as CSV in UTF-8, or as Parquet, and add that."
UNPACK = "Unpack it and add the files in it."

REFUSED = {
    b"\xd0\xcf\x11\xe0": f"an old Excel workbook, or another Office file. {AS_CSV}",
    b"%PDF": f"a PDF. {AS_CSV}",
    b"{\\rtf": f"a text document (RTF). {AS_CSV}",
    b"7z\xbc\xaf": f"a 7z archive. {UNPACK}",
    b"Rar!": f"a RAR archive. {UNPACK}",
    b"\x04\x22\x4d\x18": f"packed with LZ4. {UNPACK}",
    b"\x1f\x9d": f"packed with compress. {UNPACK}",
    b"ARROW1": f"an Arrow file. {AS_CSV}",
    b"\xff\xff\xff\xff": f"an Arrow stream. {AS_CSV}",
    b"PARE": "an encrypted Parquet file. Decrypt it and add that.",
    b"FEA1": f"a Feather file. {AS_CSV}",
    b"ORC": f"an ORC file. {AS_CSV}",
    b"Obj\x01": f"an Avro file. {AS_CSV}",
    b"SQLite format 3": f"a SQLite database. {AS_CSV}",
    b"\x89HDF": f"an HDF5 file. {AS_CSV}",
    b"\x93NUMPY": f"a NumPy array. {AS_CSV}",
    b"\x80\x04\x95": f"a pickle of Python. {AS_CSV}",
    b"\x80\x05\x95": f"a pickle of Python. {AS_CSV}",
    b"\x89PNG": f"a picture. {AS_CSV}",
    b"\xff\xd8\xff": f"a picture. {AS_CSV}",
    b"GIF8": f"a picture. {AS_CSV}",
}
"""How other files begin, and what they are."""


HTML = re.compile(r"<(!--|(!doctype\s+html|html|head|meta|title|body|script|table|div)\b)", re.I)
JSON = re.compile(r'\{\s*("|\}|$)|\[\s*([\[{"\]\d-]|true|false|null|$)')
"""How web pages and JSON begin."""


def start_of(local: Path) -> bytes:
    """Return the first bytes of a file."""
    with local.open("rb") as file:
        return file.read(START)


def packing(start: bytes) -> str | None:
    """Return how a file is packed, if it is."""
    return next((how for magic, how in PACKED.items() if start.startswith(magic)), None)


def refuse_other_kinds(start: bytes, local: Path) -> None:
    """Raise Unreadable if a file is told by its first bytes to be no table."""
    if not start.strip():
        raise Unreadable("It is empty.")
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        raise Unreadable(_archive(local))
    if start[257:262] == b"ustar":
        raise Unreadable(f"It is a tar archive. {UNPACK}")
    for magic, what in REFUSED.items():
        if start.startswith(magic):
            raise Unreadable(f"It is {what}")


def _archive(local: Path) -> str:
    """Name what a zip is: Office files are zips too, and their parts are named at both ends."""
    with local.open("rb") as file:
        ends = file.read(START)
        file.seek(max(0, file.seek(0, 2) - 65_536))
        ends += file.read()
    if b"xl/" in ends:
        return "It is an Excel workbook. Save the sheet as CSV in UTF-8 and add that."
    if b"opendocument.spreadsheet" in ends:
        return "It is an OpenDocument spreadsheet. Save the sheet as CSV in UTF-8 and add that."
    if b"word/" in ends or b"ppt/" in ends or b"opendocument" in ends:
        return f"It is an Office document. {AS_CSV}"
    return f"It is a zip archive. {UNPACK}"


def other_text(first_line: bytes) -> str | None:
    """Return what a text without any column of ours is, if its first line tells."""
    try:
        line = first_line.decode().strip()
    except UnicodeDecodeError:
        return "It is not UTF-8 (line 1), and no column was found. Save it as CSV in UTF-8."
    if any(ord(mark) < ord(" ") and mark not in "\t\r" for mark in line):
        return f"It is no table: there are control characters in its first line. {AS_CSV}"
    if line.startswith("<"):
        what = "a web page (HTML)" if HTML.match(line) else "an XML file"
        return f"It is {what}, and no table. {AS_CSV}"
    if not JSON.match(line):
        return None
    try:
        whole = isinstance(json.loads(line), dict)
    except ValueError:
        whole = False
    return f"It holds {'lines of JSON' if whole else 'JSON'}. {AS_CSV}"
