"""Print how many MiB each wrong body takes beyond what the service has: a process for each."""

import os
import resource
import sys

from tests.test_wrong_bodies import WRONG, refusals

UNIT = 2**20 if sys.platform == "darwin" else 2**10
"""What `ru_maxrss` counts: bytes or KiB."""


def most() -> int:
    """Return the most memory that this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // UNIT


if __name__ == "__main__":
    refusals(b"{}")
    for name, body in WRONG.items():
        if child := os.fork():
            os.waitpid(child, 0)
            continue
        before = most()
        refusals(body)
        print(name, most() - before, flush=True)
        os._exit(0)
