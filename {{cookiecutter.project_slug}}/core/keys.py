"""API keys: made, recognised, stored as hashes. `make` runs it, so standard library only."""

import hashlib
import json
import math
import os
import re
import secrets
import string
import tempfile
import time
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from core.locks import wait_for

RIGHTS = ("predict", "outcomes", "model")
PREFIX = "slipway_"
ALPHABET = string.digits + string.ascii_letters
FORM = re.compile(rf"{PREFIX}[0-9A-Za-z]{{38}}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


class KeyProblem(ValueError):
    """A request that can't be met; the text says why and what to do."""


@dataclass(frozen=True)
class ApiKey:
    """What is stored of a key. `expires` is None for a key that holds until it is revoked."""

    name: str
    hash: str
    rights: tuple[str, ...]
    created: str
    expires: str | None = None

    @cached_property
    def end(self) -> float:
        """The time from which on it has expired, in seconds since 1970."""
        return datetime.fromisoformat(self.expires).timestamp() if self.expires else math.inf

    def expired(self) -> bool:
        """Return whether the key has expired."""
        return self.end <= time.time()


def make_key() -> str:
    """Return a fresh key: a prefix for scanners, 32 random characters, 6 of checksum."""
    text = PREFIX + "".join(secrets.choice(ALPHABET) for _ in range(32))
    return text + _checksum(text)


def is_well_formed(text: str) -> bool:
    """Return whether this can be a key at all: a typing mistake is not looked up."""
    return bool(FORM.fullmatch(text)) and _checksum(text[:-6]) == text[-6:]


def hash_key(text: str | bytes) -> str:
    """Return what is stored of a key. 190 random bits need no slow hash."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def load(file: Path) -> list[ApiKey]:
    """Return every key in the file; none if there is no file yet."""
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return [ApiKey(**entry | {"rights": tuple(entry["rights"])}) for entry in entries]


def add(file: Path, name: str, rights: Collection[str], days: int | None = None) -> str:
    """Make a key under a new name. Returns its text, which is stored nowhere.

    Without days it never expires.
    """
    text = make_key()
    _check(name, rights, days)
    with _changing(file) as keys:
        if name in keys:
            raise KeyProblem(
                f"There is a key named {name!r} already. "
                "Choose another name, or revoke that one first."
            )
        keys[name] = _entry(name, text, rights, days)
    return text


def put(file: Path, name: str, text: str, rights: Collection[str]) -> None:
    """Accept a key that was made elsewhere (in `.env`); it replaces an older one of that name."""
    _check(name, rights, None)
    if not is_well_formed(text):
        raise KeyProblem(
            f"The key for {name!r} is not a whole API key. "
            "Empty its line in .env and run `make env`."
        )
    with _changing(file) as keys:
        if (
            name not in keys
            or keys[name].hash != hash_key(text)
            or set(keys[name].rights) != set(rights)
        ):
            keys[name] = _entry(name, text, rights, None)


def revoke(file: Path, name: str) -> None:
    """Remove a key; its holder is refused from the next second on."""
    with _changing(file) as keys:
        if name not in keys:
            raise KeyProblem(
                f"There is no key named {name!r}. There are: {', '.join(keys) or 'none'}."
            )
        del keys[name]


def _check(name: str, rights: Collection[str], days: int | None) -> None:
    if not NAME.fullmatch(name):
        raise KeyProblem(
            f"{name!r} can't name a key: use 1 to 40 letters, digits, dots, dashes and underscores."
        )
    if not rights or not set(rights) <= set(RIGHTS):
        raise KeyProblem(
            f"The rights of a key are one or more of {', '.join(RIGHTS)}, "
            f"not {', '.join(rights) or 'none'}."
        )
    if days is not None and not 1 <= days <= 3650:
        raise KeyProblem(f"A key can hold for 1 to 3650 days, not {days}.")


def _entry(name: str, text: str, rights: Collection[str], days: int | None) -> ApiKey:
    now = datetime.now(UTC).replace(microsecond=0)
    expires = (now + timedelta(days=days)).isoformat() if days else None
    return ApiKey(
        name,
        hash_key(text),
        tuple(right for right in RIGHTS if right in rights),
        now.isoformat(),
        expires,
    )


def _checksum(text: str) -> str:
    number, digits = zlib.crc32(text.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


@contextmanager
def _changing(file: Path) -> Iterator[dict[str, ApiKey]]:
    """Yield the keys by name and write what the block changes. Two commands at once take turns."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file.with_suffix(".lock"), "a") as turn:
        wait_for(turn)
        before = {key.name: key for key in load(file)}
        keys = dict(before)
        yield keys
        if keys != before:
            _write(file, keys.values())


def _write(file: Path, keys: Collection[ApiKey]) -> None:
    """Replace the file in one step, so that a reader never sees half of it."""
    with tempfile.NamedTemporaryFile(
        "w", dir=file.parent, suffix=".new", delete=False, encoding="utf-8"
    ) as new:
        json.dump([asdict(key) for key in keys], new, indent=1)
        new.flush()
        os.fsync(new.fileno())
    os.chmod(new.name, 0o644)  # only hashes, and the service that reads them is another user
    os.replace(new.name, file)
