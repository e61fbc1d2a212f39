"""Every answer is on disk before it is sent, and in storage within seconds, exactly once.

A file is written by one process, which holds its lock. To upload it, the process lets go of it for
good; whoever then gets the lock, this process or another replica, uploads the file under the name
it was born with, only if there is no such object, and removes it afterwards. So a process may die at
any moment: its lock falls, and what it left is uploaded by the next one to look.
"""

import fcntl
import json
import logging
import os
import threading
import uuid
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from obstore.store import ObjectStore

from core.storage import create
from prediction.metrics import JOURNAL_PENDING

log = logging.getLogger(__name__)

FULL = 8 * 2**20
"""Bytes after which a file is closed even though storage is away."""


class JournalFile:
    """One file that this process appends to. Its name says where it goes: `live_2013-04-01T09_<uuid>.jsonl`."""

    def __init__(self, folder: Path, kind: str, hour: str):
        self.hour = hour
        self.size = 0
        while True:
            self.path = folder / f"{kind}_{hour}_{uuid.uuid4()}.jsonl"
            self.descriptor = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o644)
            if _lock(self.descriptor):
                return
            os.close(self.descriptor)  # another replica took the empty file for a leftover

    def append(self, data: bytes) -> None:
        """Hand the data to the operating system, all of it or none."""
        try:
            if os.write(self.descriptor, data) != len(data):
                raise OSError("The disk is full.")
        except OSError:
            os.ftruncate(self.descriptor, self.size)
            raise
        self.size += len(data)


class Journal:
    """Appends records and uploads them. `sweep`, called every few seconds, is the interval between fsyncs."""

    def __init__(self, folder: Path, predictions: ObjectStore):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.predictions = predictions
        self.open: dict[str, JournalFile] = {}
        self.writing = threading.Lock()
        self.sweeping = threading.Lock()
        self.away = False
        self.error: Exception | None = None

    def write(self, kind: str, time: datetime, records: Iterable[dict]) -> None:
        """Append one line for each record. When this returns, no death of the process can lose them."""
        data = "".join(json.dumps(record, allow_nan=False) + "\n" for record in records).encode()
        with self.writing:
            self.file(kind, f"{time:%Y-%m-%dT%H}").append(data)

    def file(self, kind: str, hour: str) -> JournalFile:
        file = self.open.get(kind)
        if file is None or file.hour != hour or file.size > FULL:
            if file is not None:
                os.close(file.descriptor)
            file = self.open[kind] = JournalFile(self.folder, kind, hour)
        return file

    def sweep(self) -> None:
        """Upload what nobody writes to any more, then what this process has written since.

        While storage is away the current file stays open, so an outage does not leave thousands of files.
        """
        with self.sweeping:
            delivered = [self.deliver(path) for path in self.files()]
            if all(delivered):
                delivered = [self.deliver(path) for path in self.release()]
            else:
                self.sync()
            self.report(all(delivered))

    def release(self) -> list[Path]:
        """Let go of every open file. The next write starts a new one."""
        with self.writing:
            released, self.open = list(self.open.values()), {}
        for file in released:
            os.close(file.descriptor)
        return [file.path for file in released]

    def sync(self) -> None:
        with self.writing:
            descriptors = [os.dup(file.descriptor) for file in self.open.values()]
        for descriptor in descriptors:
            os.fsync(descriptor)
            os.close(descriptor)

    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*_*_*.jsonl"))

    def deliver(self, path: Path) -> bool:
        """Upload one file and remove it, unless somebody still writes to it. False if storage did not take it."""
        try:
            descriptor = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return True
        try:
            if not _lock(descriptor):
                return True
            os.fsync(descriptor)
            lines = whole_lines(path.read_bytes())
            if lines:
                create(self.predictions, object_name(path), lines)
            path.unlink()
        except Exception as error:
            self.error = error
            return False
        finally:
            os.close(descriptor)
        return True

    def report(self, delivered: bool) -> None:
        """Say once that storage is away, and once that it is back."""
        if not delivered and not self.away:
            log.warning("Storage does not take answers (%s); they wait in %s.", type(self.error).__name__, self.folder)
        if delivered and self.away:
            log.info("Storage takes answers again.")
        self.away = not delivered
        JOURNAL_PENDING.set(sum(map(_size, self.files())))


def object_name(path: Path) -> str:
    """`live_2013-04-01T09_<uuid>.jsonl` goes to `live/2013/04/01/09/<uuid>.jsonl`."""
    kind, hour, name = path.name.split("_")
    return f"{kind}/{hour[:10].replace('-', '/')}/{hour[11:]}/{name}"


def whole_lines(data: bytes) -> bytes:
    """Without a last line that a crash cut off: its answer was never sent."""
    return data[: data.rfind(b"\n") + 1]


def _lock(descriptor: int) -> bool:
    """Take the file's lock if nobody has it. False also if the file was removed meanwhile."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(descriptor).st_nlink > 0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # another replica has just uploaded it
        return 0
