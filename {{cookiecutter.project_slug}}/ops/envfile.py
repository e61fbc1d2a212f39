"""Read `.env` as Docker Compose reads it, without Docker."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

BLANK = " \t\v\f\r\x85\xa0"
BEFORE = re.compile(r"(?:\s+|#[^\n]*)*")
NAME = re.compile(rf"(?:export[{BLANK}]+)?(?P<name>[^=:\n]*)(?P<sign>[=:\n]|\Z)")
SIGN = re.compile(r"\$(?:(?P<dollar>\$)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<brace>\{))")
INSIDE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-+?])(.*))?", re.DOTALL)
ESCAPE = re.compile(r'\\([abfnrtv"\\$])|\\0([0-7]{0,3})')
ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "$": "$$"}
HIDDEN = re.compile(r"PASSWORD|SECRET|TOKEN|KEY")
SINGLE_QUOTES = "Write it in single quotes."


class EnvProblem(SystemExit):
    """A `.env` that can't be read; the text says where and what to do."""


@dataclass(frozen=True)
class Entry:
    """A variable that is set in the file."""

    name: str
    value: str
    start: int
    end: int
    """Where the value stands in the text, with its quotes."""

    comment: str
    """What follows the value on its line and is not part of it."""

    references: tuple[str, ...]
    """The variables whose values are put in, with nothing to take their place."""


def read(path: Path) -> str:
    """Return the file's text with every byte in it. End with a sentence if it is not UTF-8."""
    content = path.read_bytes()
    if b"\0" in content:
        raise EnvProblem(
            f"{path.name} is not UTF-8 but probably UTF-16, as Windows writes it. "
            "Save it again with the encoding UTF-8; nothing was changed."
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise EnvProblem(
            f"{path.name} is not UTF-8: look at line {line}. "
            "Save it again with the encoding UTF-8; nothing was changed."
        ) from None


def parse(text: str, shell: Mapping[str, str] | None = None) -> list[Entry]:
    """Return what the text sets, in its order. Values may refer to the shell or to earlier ones."""
    entries: list[Entry] = []
    earlier: dict[str, str] = {}
    shell = shell or {}
    place = next_statement(text, 1 if text.startswith("\ufeff") else 0)
    while place < len(text) and (statement := NAME.match(text, place)):
        name = valid_name(statement["name"].rstrip(), line_of(text, place))
        if statement["sign"] not in ("=", ":"):  # a name alone is the shell's variable
            place = statement.end()
            if name in shell:
                earlier[name] = shell[name]
        else:
            entry = entry_at(
                text, statement.end(), name, lambda key: shell.get(key, earlier.get(key))
            )
            entries.append(entry)
            earlier[name] = entry.value
            place = entry.end
        place = next_statement(text, place)
    return entries


def next_statement(text: str, place: int) -> int:
    """Return where the next line that is neither empty nor a comment begins."""
    match = BEFORE.match(text, place)
    return match.end() if match else place


def line_of(text: str, place: int) -> int:
    """Return the number of the line at this place."""
    return text.count("\n", 0, place) + 1


def valid_name(name: str, line: int) -> str:
    """Return a variable's name. End with a sentence if it can't be one."""
    if all(letter.isalnum() or letter in "_.-[]" for letter in name):
        return name
    raise EnvProblem(
        f".env, line {line}: {name!r} can't be the name of a variable. "
        "Write NAME=value, and text with spaces or signs in quotes."
    )


def entry_at(text: str, place: int, name: str, lookup: Callable) -> Entry:
    """Return the entry whose value begins here."""
    first = len(text) - len(text[place:].lstrip(BLANK))
    if text[first : first + 1] not in ("", "\n"):  # otherwise there is none, and blanks stay
        place = first
    where = f".env, line {line_of(text, place)}: {name}"
    quote = text[place : place + 1]
    if quote in ("'", '"'):
        raw, end = quoted(text, place, where)
    else:
        raw = text[place:].partition("\n")[0].partition(" #")[0].rstrip()
        end = place + len(raw)
    comment = text[end:].partition("\n")[0].strip()
    value, references = (raw, []) if quote == "'" else interpolated(raw, lookup, where)
    return Entry(name, value, place, end, comment, tuple(references))


def quoted(text: str, place: int, where: str) -> tuple[str, int]:
    """Return what stands between the quotes that begin here, and where it ends."""
    quote = text[place]
    match = re.compile(rf"{quote}((?:\\.|[^\\{quote}])*){quote}", re.DOTALL).match(text, place)
    if match is None:
        raise EnvProblem(
            f"{where} begins with {quote} and does not end with it. Add it at the end of the value."
        )
    value = match[1].replace(f"\\{quote}", quote)
    return (value if quote == "'" else ESCAPE.sub(unescaped, value)), match.end()


def unescaped(match: re.Match) -> str:
    """Return what an escape sequence in double quotes stands for."""
    if match[1] is None:
        return chr(int(match[2] or "0", 8))
    return ESCAPED.get(match[1], match[1])


def interpolated(raw: str, lookup: Callable, where: str) -> tuple[str, list[str]]:
    """Return the text with its variables replaced, and which of them have no default."""
    result, references, place = "", [], 0
    while sign := SIGN.search(raw, place):
        result += raw[place : sign.start()]
        place = sign.end()
        if sign["dollar"]:
            result += "$"
        elif sign["name"]:
            references.append(sign["name"])
            result += lookup(sign["name"]) or ""
        else:
            end = closing_brace(raw, place, where)
            value, further = braced(raw[place:end], lookup, where)
            result, place = result + value, end + 1
            references += further
    return result + raw[place:], references


def closing_brace(raw: str, place: int, where: str) -> int:
    """Return where the brace that was opened before this place is closed."""
    depth = 1
    for sign in re.compile(r"\$\{|\}").finditer(raw, place):
        depth += 1 if sign[0] == "${" else -1
        if depth == 0:
            return sign.start()
    raise EnvProblem(f"{where} holds ${{ and no }} after it. {SINGLE_QUOTES}")


def braced(text: str, lookup: Callable, where: str) -> tuple[str, list[str]]:
    """Return the value of `${text}`: a name, perhaps with what takes its place."""
    match = INSIDE.fullmatch(text)
    if match is None:
        raise EnvProblem(f"{where} holds ${{{text}}}, which names no variable. {SINGLE_QUOTES}")
    name, sign, other = match.groups()
    value = lookup(name)
    if not sign:
        return value or "", [name]
    is_set = bool(value) if sign.startswith(":") else value is not None
    if sign.endswith("+"):
        return interpolated(other, lookup, where) if is_set else ("", [])
    if is_set:
        return value, []
    if sign.endswith("?"):
        raise EnvProblem(f"{where} needs {name}: {other}")
    return interpolated(other, lookup, where)


def surprises(entries: list[Entry]) -> Iterator[str]:
    """Yield a sentence for each value that Compose reads differently from what it looks like."""
    names = {entry.name for entry in entries}
    for entry in entries:
        unknown = [f"${name}" for name in entry.references if name not in names]
        if unknown:
            yield (
                f"{entry.name} in .env holds {' and '.join(unknown)}, which Docker would replace, "
                f"though no setting has that name. {SINGLE_QUOTES}"
            )
        elif entry.comment and not entry.comment.startswith("#"):
            yield f"{entry.name} in .env goes on after its closing quote. {SINGLE_QUOTES}"
        elif entry.value.startswith("#") or (entry.comment and HIDDEN.search(entry.name)):
            yield (
                f"{entry.name} in .env: is the text from # on a comment, or part of the value? "
                "Put the comment on a line of its own, or the whole value in single quotes."
            )
