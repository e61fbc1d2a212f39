"""One file of the journal, from its first line to its upload."""

import fcntl
import os
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from obstore.store import ObjectStore

from core.answers import hour_folder
from core.storage import create

HOUR_IN_NAME = "%Y-%m-%dT%H"
"""The hour as a file's name has it; the names of waiting files must outlive an update."""


@dataclass
class JournalFile:
    """A file that this process holds the lock of."""

    path: Path
    descriptor: int
    size: int = 0

    @classmethod
    def begin(cls, folder: Path, kind: str, hour: str) -> "JournalFile":
        """Make a new file and take its lock."""
        while True:
            path = folder / f"{kind}_{hour}_{uuid.uuid4()}.jsonl"
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_APPEND, 0o644)
            if _lock(descriptor):
                return cls(path, descriptor)
            os.close(descriptor)  # another replica was quicker and mistook it for a leftover

    @classmethod
    def take_over(cls, path: Path) -> "JournalFile | None":
        """Return the file if the process that wrote it is dead, otherwise None."""
        try:
            descriptor = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return None
        if _lock(descriptor):
            return cls(path, descriptor)
        os.close(descriptor)
        return None

    def append(self, data: bytes) -> None:
        """Hand the data to the operating system, all of it or nothing."""
        try:
            if os.write(self.descriptor, data) != len(data):
                raise OSError("The disk is full.")
        except OSError:
            os.ftruncate(self.descriptor, self.size)
            raise
        self.size += len(data)

    def deliver(self, predictions: ObjectStore) -> None:
        """Move the file to storage, without a last line cut off by a crash: it was never sent."""
        os.fsync(self.descriptor)
        data = os.pread(self.descriptor, os.fstat(self.descriptor).st_size, 0)
        if whole_lines := data[: data.rfind(b"\n") + 1]:
            create(predictions, self.object_name(), whole_lines)
        self.path.unlink(missing_ok=True)
        os.close(self.descriptor)

    def object_name(self) -> str:
        """Return `live/2013/04/01/09/<uuid>.jsonl` for `live_2013-04-01T09_<uuid>.jsonl`."""
        kind, hour, name = self.path.name.split("_")
        return f"{kind}/{hour_folder(datetime.strptime(hour, HOUR_IN_NAME))}/{name}"


def _lock(descriptor: int) -> bool:
    """Take the file's lock if it is free. Return False also if the file was removed meanwhile."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(descriptor).st_nlink > 0
