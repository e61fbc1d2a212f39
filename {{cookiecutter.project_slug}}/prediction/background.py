"""Work that is repeated in threads while the service answers."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)


@contextmanager
def repeated(work: Callable[[], None], seconds: float) -> Iterator[None]:
    """Call `work` in a thread: now, every so many seconds, and a last time at the end.

    It is a daemon thread, so that an unresponsive storage can't delay the shutdown for long.
    """
    stopping = threading.Event()

    def loop():
        attempt(work)
        while not stopping.is_set():
            stopping.wait(seconds)
            attempt(work)

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(timeout=5)


def attempt(work: Callable[[], None]) -> None:
    """Call `work`, and log an error instead of raising it: the thread must live on."""
    try:
        work()
    except Exception:
        name = getattr(work, "__qualname__", work)
        log.exception("%s failed and will be retried.", name)
