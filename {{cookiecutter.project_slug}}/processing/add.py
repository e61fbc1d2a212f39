"""Adds a file of rows to the platform: `python -m processing.add NAME < FILE`."""

import sys
from pathlib import PurePosixPath

from core.storage import bucket, create, read


def add(name: str, content: bytes) -> str:
    """Store a file in the bucket `raw`. Returns where; nothing that is there is ever replaced.

    A name that begins as those of marker files do, which are passed over, loses these marks.
    """
    plain = PurePosixPath(name.replace("\\", "/")).name.lstrip("_.") or "file"
    path = PurePosixPath("added") / "".join(mark for mark in plain if mark.isprintable())
    for number in range(1, 1000):
        numbered = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        if create(bucket("raw"), str(numbered), content):
            return f"Stored as {numbered} in the bucket raw."
        if read(bucket("raw"), str(numbered)) == content:
            return f"It is there already, as {numbered} in the bucket raw."
    raise SystemExit(f"There are 999 files called {path.name} already. Give this one another name.")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("Say what the file is called: python -m processing.add NAME < FILE")
    print(add(sys.argv[1], sys.stdin.buffer.read()))
