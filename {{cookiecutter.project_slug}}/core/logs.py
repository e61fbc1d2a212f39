"""How the parts written in Python log: a line of JSON for each event, and what repeats is counted.

On a terminal it is text for people. Lines go to the standard output: what comes by the other way
was written by somebody who did not ask this module, and counts as an error in the log store.
"""

import json
import logging
import sys
import threading
import time
from datetime import UTC, datetime

WINDOW = 60.0
"""Seconds within which the same warning or error is written once."""

MOST_REMEMBERED = 200
"""Different warnings and errors in a window; any more are only counted."""

OTHERS = (__name__, logging.WARNING, "Other warnings and errors were left out", "")

LONGEST_MESSAGE, LONGEST_TRACEBACK = 2000, 6000
"""Characters: Docker cuts lines at 16 KiB, and half a line of JSON can't be read."""

TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class JsonLine(logging.Formatter):
    """Writes an event as one line, with its traceback in it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line. Its level is in small letters, as other programs write it."""
        event: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "msg": record.getMessage()[:LONGEST_MESSAGE],
        }
        if record.exc_info and record.exc_info[0]:
            event["traceback"] = self.formatException(record.exc_info)[-LONGEST_TRACEBACK:]
        if repeated := getattr(record, "repeated", 0):
            event["repeated"] = repeated
        return json.dumps(event, ensure_ascii=False)


class Once(logging.StreamHandler):
    """Writes a warning or error once in a window, and at its end how often it came again."""

    def __init__(self, stream=None):
        super().__init__(stream)
        self.again: dict[tuple, int] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Write the event, or count it. The handler's lock is held meanwhile."""
        if record.levelno < logging.WARNING:
            return super().emit(record)
        if not self.again and not self._begin_window():
            return super().emit(record)
        event = (record.name, record.levelno, record.getMessage(), _error(record))
        if event in self.again:
            self.again[event] += 1
        elif len(self.again) < MOST_REMEMBERED:
            self.again[event] = 0
            super().emit(record)
        else:
            self.again[OTHERS] = self.again.get(OTHERS, 0) + 1

    def _begin_window(self) -> bool:
        """Return whether a window has begun: none does where the machine has no thread to spare."""
        closing = threading.Timer(WINDOW, self.close_window)
        closing.daemon = True
        try:
            closing.start()
        except RuntimeError:
            return False
        return True

    def close_window(self) -> None:
        """Write how often each event came again, and begin anew."""
        self.acquire()
        try:
            counted, self.again = self.again, {}
            for (name, level, message, error), repeated in counted.items():
                if repeated:
                    super().emit(_summary(name, level, f"{message} {error}", repeated))
        finally:
            self.release()

    def close(self) -> None:
        """Write what was counted before the process ends."""
        self.close_window()
        super().close()


def _error(record: logging.LogRecord) -> str:
    """Return the error that an event comes with, in one line."""
    error = record.exc_info[1] if record.exc_info else None
    return f"({type(error).__name__}: {error})" if error else ""


def _summary(name: str, level: int, message: str, repeated: int) -> logging.LogRecord:
    """Return the event that another one came again so many times."""
    text = f"{message.strip()} [{repeated} times more within {WINDOW:.0f} s]"
    facts = {"name": name, "levelno": level, "levelname": logging.getLevelName(level), "msg": text}
    return logging.makeLogRecord({**facts, "repeated": repeated, "created": time.time()})


def set_up() -> None:
    """Let everything that this process logs, and what ends it, be written in this way."""
    handler = Once(sys.stdout)
    handler.setFormatter(logging.Formatter(TEXT) if sys.stdout.isatty() else JsonLine())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    sys.excepthook = _log_what_ends_the_process
    threading.excepthook = lambda ended: logging.critical(
        "An error ended a thread.", exc_info=ended.exc_value
    )


def _log_what_ends_the_process(kind, error, traceback) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return sys.__excepthook__(kind, error, traceback)
    logging.critical("An error ended this process.", exc_info=(kind, error, traceback))
