"""Work on several batches at once: Polars and NumPy release the interpreter meanwhile."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

THREADS = min(4, (os.cpu_count() or 1) + 1)
"""One more than cores, because now and then one waits for the interpreter; not more than four, each
of which holds a batch in memory."""


def in_order(do: Callable, items: Iterable) -> Iterator:
    """Yield the result for each item in the items' order, working on THREADS of them at once."""
    with ThreadPoolExecutor(THREADS) as pool:
        at_work = deque()
        for item in items:
            at_work.append(pool.submit(do, item))
            if len(at_work) > THREADS:
                yield at_work.popleft().result()
        while at_work:
            yield at_work.popleft().result()
