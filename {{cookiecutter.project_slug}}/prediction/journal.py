"""Every answer is on disk before it is sent, and in storage within seconds, exactly once.

A file in the folder belongs to the process that holds its lock, and its name says where it goes. It
is uploaded once nobody appends to it any more, only if there is no such object yet, and then removed.
So a process may die at any moment: its locks fall, and the next one to look, itself after a restart
or another replica, takes over what it left, under the names that it gave.
"""

import json
import logging
import os
import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from obstore.store import ObjectStore

from prediction.journal_file import JournalFile
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

    def write(self, kind: str, time: datetime, records: Iterable[dict]) -> None:
        """Append one line for each record. When this returns, no death of the process can lose them."""
        data = "".join(json.dumps(record, allow_nan=False) + "\n" for record in records).encode()
        with self.writing:
            self.file(kind, f"{time:%Y-%m-%dT%H}").append(data)

    def file(self, kind: str, hour: str) -> JournalFile:
        file = self.current.get((kind, hour))
        if file is None or file.size > FULL:
            self.finished += [file] if file else []
            file = self.current[kind, hour] = JournalFile.begin(self.folder, kind, hour)
        return file

    def sync(self) -> None:
        """Put what was written on the disk for good. In a thread of its own: storage may keep `sweep` waiting."""
        with self.writing:
            copies = [os.dup(file.descriptor) for file in self.current.values()]
        for copy in copies:
            os.fsync(copy)
            os.close(copy)

    def sweep(self) -> None:
        """Upload what is finished, then what was written since the last time.

        While storage is away the current files go on, so that an outage does not leave thousands of them.
        """
        with self.sweeping:
            self.finished += filter(None, map(JournalFile.take_over, self.files()))
            if self.upload():
                self.finish()
                self.upload()
            JOURNAL_PENDING.set(sum(map(_size, self.files())) if self.away else 0)

    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*_*_*.jsonl"))

    def upload(self) -> bool:
        """Deliver what is finished. False if storage does not take it all."""
        problems = [
            problem for file in list(self.finished) if (problem := self.try_to_deliver(file))
        ]
        if problems and not self.away:
            log.warning(
                "Storage does not take answers (%s); they wait in %s.", problems[0], self.folder
            )
        if self.away and not problems:
            log.info("Storage has taken the answers that waited.")
        self.away = bool(problems)
        return not problems

    def try_to_deliver(self, file: JournalFile) -> str:
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
    try:
        return path.stat().st_size
    except FileNotFoundError:  # another replica has just uploaded it
        return 0
