"""Work that goes on beside the answers."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)


@contextmanager
def repeated(work: Callable[[], None], seconds: float) -> Iterator[None]:
    """Call `work` in a thread: now, every so many seconds, and a last time at the end.

    A daemon thread, so that storage which does not answer can't hold up the end for long.
    """
    over = threading.Event()

    def loop():
        attempt(work)
        while not over.is_set():
            over.wait(seconds)
            attempt(work)

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=5)


def attempt(work: Callable[[], None]) -> None:
    try:
        work()
    except Exception:
        log.exception("%s failed; it is tried again.", work.__qualname__)
