"""How far the event loop is behind: so long waits whatever comes in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from prediction.metrics import LAG

TICK = 0.05
"""Seconds between two looks."""


class Lag:
    """Measures it all the time; `seconds` is what the last look found.

    `standing` is what two looks in a row found at least: one alone may be a moment's pause.
    """

    def __init__(self):
        self.seconds = 0.0
        self.standing = 0.0

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Measure it until the end of the block."""
        task = asyncio.create_task(self.watch())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def watch(self) -> None:
        """Sleep, and see how much too late that ends."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + TICK
            await asyncio.sleep(TICK)
            before, self.seconds = self.seconds, max(0.0, loop.time() - due)
            self.standing = min(before, self.seconds)
            LAG.set(self.seconds)
