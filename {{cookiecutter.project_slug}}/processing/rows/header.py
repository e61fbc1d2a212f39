"""The first lines of a CSV file: separator, end of lines, and where each column is."""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from processing.rows.kinds import Unreadable, other_text

SEPARATORS = ",;\t|"

MOST_COLUMNS = 5_000
"""A file with more columns is refused."""

HEAD = 4 * 1024 * 1024
"""The names of the columns must stand within so many bytes."""

LINES_ABOVE = 20
"""So many lines are looked at for the names of the columns, if the first has none."""

MARK = b"\xef\xbb\xbf"
NAMES_SAID = 20
_UNIT = re.compile(r"[(\[][^)\]]*[)\]]\s*$")


@dataclass(frozen=True)
class Layout:
    """How a CSV file is divided, and where its rows begin: the byte, and the lines above it."""

    separator: bytes
    end: bytes
    names: list[str]
    start: int
    lines: int


def layout(local: Path, expected: Iterable[str]) -> Layout:
    """Read the first lines of a CSV file. Raises Unreadable if they name no column."""
    with local.open("rb") as file:
        head = file.read(HEAD)
    end = _line_end(head)
    start, above, mark = _above(head, end)
    line = _line_at(head, start, end)
    _refuse_if_columns_stand_below(head[start:], end, above, expected)
    separator, names = _named(line, mark, expected)
    return Layout(separator.encode(), end, names, start + len(line) + 1, above + 1)


def _line_end(head: bytes) -> bytes:
    """Return what ends a line: a line feed, or a carriage return where there is no line feed."""
    return b"\r" if b"\r" in head and b"\n" not in head else b"\n"


def _above(head: bytes, end: bytes) -> tuple[int, int, str]:
    """Return where the names stand: the byte, the lines above, and the mark that `sep=` says."""
    start, lines, mark = 0, 0, ""
    while head.startswith(MARK, start):  # some programs put a second one before the first
        start += len(MARK)
    while start < len(head):
        line = _line_at(head, start, end)
        says = re.fullmatch(rb'"?sep=(.)"?[\s,;|]*', line) if not mark else None
        if line.strip() and not says:
            return start, lines, mark
        mark = says[1].decode("latin-1") if says else mark
        start, lines = start + len(line) + 1, lines + 1
    raise Unreadable("It is empty.")


def _line_at(head: bytes, start: int, end: bytes) -> bytes:
    stop = head.find(end, start)
    if stop < 0 and len(head) == HEAD:
        raise Unreadable(
            f"Its first line is longer than {HEAD // 1024**2} MB. Add CSV with a line for each row."
        )
    return head[start : stop if stop >= 0 else len(head)]


def _refuse_if_columns_stand_below(
    head: bytes, end: bytes, above: int, expected: Iterable[str]
) -> None:
    lines = head.split(end, LINES_ABOVE)[:LINES_ABOVE]
    hits = [_hits(_best(line, "", expected)[1], expected) for line in lines]
    if max(hits) > hits[0]:
        place = above + hits.index(max(hits)) + 1
        raise Unreadable(
            f"The names of its columns stand in line {place}. Take away the lines above it."
        )


def _named(line: bytes, mark: str, expected: Iterable[str]) -> tuple[str, list[str]]:
    separator, names = _best(line, mark, expected)
    if not _hits(names, expected):
        raise Unreadable(other_text(line) or no_columns(names, expected))
    if b"\r" in line.removesuffix(b"\r"):
        raise Unreadable(
            "Some of its lines end in CR and some in LF, the names of its columns among them. "
            "Let all lines end in LF."
        )
    if len(names) > MOST_COLUMNS:
        raise Unreadable(
            f"It has {len(names):,} columns, and at most {MOST_COLUMNS:,} are read. "
            "Keep those that model/source.py names in COLUMNS."
        )
    return separator, names


def _best(line: bytes, mark: str, expected: Iterable[str]) -> tuple[str, list[str]]:
    """Return the separator that gives most of the columns that are looked for, and all names."""
    text = line.decode("utf-8", "replace")
    divided = {one: _names(text, one) for one in mark or SEPARATORS}
    return max(divided.items(), key=lambda pair: _hits(pair[1], expected))


def _names(text: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([text.rstrip("\r\n")], delimiter=separator), [])
    except csv.Error:
        return text.split(separator)


def _hits(names: list[str], expected: Iterable[str]) -> int:
    return len({_folded(name) for name in names} & {_folded(name) for name in expected})


def _folded(name: str) -> str:
    return name.strip().casefold()


def places(names: list[str], expected: Iterable[str]) -> dict[str, int]:
    """Return where each column is that can be found.

    A name counts that is exactly so; if there is none, the one that differs only in capitals and
    in spaces around it. Raises Unreadable if there are two.
    """
    by_name = {name: _places(names, name) for name in expected}
    for name, at in by_name.items():
        if len(at) > 1:
            called = ", ".join(f"`{names[place]}`" for place in at)
            raise Unreadable(
                f"Two of its columns are called {name}: {called}. Take one away, or rename it."
            )
    return {name: at[0] for name, at in by_name.items() if at}


def _places(names: list[str], wanted: str) -> list[int]:
    exactly = [place for place, name in enumerate(names) if name == wanted]
    return exactly or [
        place for place, name in enumerate(names) if _folded(name) == _folded(wanted)
    ]


def no_columns(names: list[str], expected: Iterable[str]) -> str:
    """Return the sentence about a file in which no column was found."""
    return f"It has none of the columns {', '.join(sorted(expected))}. {_says(names)}"


def missing_columns(names: list[str], missing: list[str]) -> str | None:
    """Return the sentence about columns that were not found."""
    if not missing:
        return None
    return f"It has no column {', '.join(sorted(missing))}. {_says(names)}"


def refuse_near_names(names: list[str], missing: list[str], used: Iterable[int]) -> None:
    """Raise Unreadable if a column that is missing is there under a name that is nearly the same.

    Without this, a file with `cost (EUR)` for `cost` would give rows without outcomes.
    """
    others = [name for place, name in enumerate(names) if place not in set(used)]
    near = {name: [other for other in others if _near(other, name)] for name in missing}
    pairs = [f"`{others[0]}` is nearly {name}" for name, others in near.items() if others]
    if pairs:
        raise Unreadable(
            f"{missing_columns(names, [name for name in near if near[name]])} "
            f"{'; '.join(pairs)}. Rename it."
        )


def _near(other: str, name: str) -> bool:
    """Return whether names are alike but for marks between words, a plural s, or a unit."""
    words, wanted = _words(_UNIT.sub("", other)), _words(name)
    if words[:-1] == wanted and len(words[-1]) <= len("eur"):
        return True
    return "".join(words).removesuffix("s") == "".join(wanted).removesuffix("s")


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W_]+", name.casefold())


def _says(names: list[str]) -> str:
    shown = ", ".join(name[:40].strip() for name in names[:NAMES_SAID])
    more = f" and {len(names) - NAMES_SAID:,} more" if len(names) > NAMES_SAID else ""
    return f"It has {shown}{more}."
