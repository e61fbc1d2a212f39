"""Lets containers, whose users are others than the owner, read what they are given."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

KEPT_CLOSED = {"data", "notebooks", "acceptance", "tests", "__pycache__"}
"""What no container is given. Of hidden names, none is either."""


def given(folder: Path) -> Iterator[Path]:
    """Yield each file and folder that a container reads, or an image is built from."""
    for path in folder.iterdir():
        if path.name.startswith(".") or path.name in KEPT_CLOSED or path.is_symlink():
            continue
        yield path
        if path.is_dir():
            yield from given(path)


def needed(path: Path) -> int:
    """Return the mode with which everybody can read it; a program may also be run."""
    mode = stat.S_IMODE(path.stat().st_mode)
    return mode | (0o055 if path.is_dir() or mode & stat.S_IXUSR else 0o044)


def closed(project: Path) -> list[Path]:
    """Return what a container could not read. Windows has no such modes."""
    if os.name == "nt":
        return []
    return [path for path in given(project) if stat.S_IMODE(path.stat().st_mode) != needed(path)]


def open_all(project: Path) -> None:
    """Let everybody read it, as far as it is the owner's; `closed` still has the rest."""
    for path in closed(project):
        with suppress(OSError):
            path.chmod(needed(path))
