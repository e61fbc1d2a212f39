"""Every answer is on disk before it is sent, and in storage within seconds, exactly once.

A file in the folder belongs to the process that holds its lock, and its name says where it goes.
It is uploaded once nobody appends to it any more, only if there is no such object yet, and then
removed. So a process may die at any moment: its locks are released, and the next one to look,
itself after a restart or another replica, takes over what it left, under the names that it gave.
"""

import json
import logging
import os
import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from obstore.store import ObjectStore

from prediction.journal_file import HOUR_IN_NAME, JournalFile
from prediction.metrics import JOURNAL_PENDING

log = logging.getLogger(__name__)

FULL = 8 * 2**20
"""Bytes after which a new file is begun even though storage is away."""


class Journal:
    """Appends records and uploads them; `sync` and `sweep` are called every few seconds."""

    def __init__(self, folder: Path, predictions: ObjectStore):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.predictions = predictions
        self.current: dict[tuple[str, str], JournalFile] = {}
        self.finished: list[JournalFile] = []
        self.writing = threading.Lock()
        self.sweeping = threading.Lock()
        self.away = False

    def write(self, kind: str, time: datetime, records: Iterable[Mapping[str, Any]]) -> None:
        """Append a line for each record. When this returns, no death of the process loses them."""
        self.append(kind, time, [json.dumps(record, allow_nan=False) for record in records])

    def append(self, kind: str, time: datetime, lines: Iterable[str]) -> None:
        """Append lines that are JSON already, all of them or none."""
        data = "".join(f"{line}\n" for line in lines).encode()
        with self.writing:
            self.file(kind, f"{time:{HOUR_IN_NAME}}").append(data)

    def file(self, kind: str, hour: str) -> JournalFile:
        """Return the file that lines of this kind and hour go to, a new one if the last is full."""
        file = self.current.get((kind, hour))
        if file is None or file.size > FULL:
            self.finished += [file] if file else []
            file = self.current[kind, hour] = JournalFile.begin(self.folder, kind, hour)
        return file

    def sync(self) -> None:
        """Flush all lines to the disk. It has a thread of its own: storage may delay `sweep`."""
        with self.writing:
            copies = [os.dup(file.descriptor) for file in self.current.values()]
        for copy in copies:
            os.fsync(copy)
            os.close(copy)

    def sweep(self) -> None:
        """Upload the finished files, then the lines written since the last time.

        While storage is away the current files are kept, so that an outage leaves no thousands.
        """
        with self.sweeping:
            self.finished += filter(None, map(JournalFile.take_over, self.files()))
            if self.upload():
                self.finish()
                self.upload()
            JOURNAL_PENDING.set(sum(map(_size, self.files())) if self.away else 0)

    def files(self) -> list[Path]:
        """Return every file of the folder, also those of other processes."""
        return sorted(self.folder.glob("*_*_*.jsonl"))

    def upload(self) -> bool:
        """Deliver the finished files. Return False if storage does not take them all."""
        attempts = [self.try_to_deliver(file) for file in list(self.finished)]
        problems = list(filter(None, attempts))
        if problems and not self.away:
            log.warning(
                "Storage does not take answers (%s); they wait in %s.", problems[0], self.folder
            )
        if self.away and not problems:
            log.info("Storage has taken the answers that waited.")
        self.away = bool(problems)
        return not problems

    def try_to_deliver(self, file: JournalFile) -> str:
        """Deliver a file, and return the name of the error that prevented it, if any."""
        try:
            file.deliver(self.predictions)
        except Exception as error:
            return type(error).__name__
        self.finished.remove(file)
        return ""

    def finish(self) -> None:
        """Let the next write begin new files."""
        with self.writing:
            self.finished += self.current.values()
            self.current = {}


def _size(path: Path) -> int:
    """Return the file's size, or 0 if it is gone."""
    try:
        return path.stat().st_size
    except FileNotFoundError:  # another replica has just uploaded it
        return 0
