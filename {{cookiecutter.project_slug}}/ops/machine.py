"""The machine that containers run on: its processors and its memory."""

import os
import shutil
import sys
from functools import cache

from ops import docker

FOUR_GB = 3.9e9
"""Bytes; a machine that is sold with 4 GB shows a little less."""

MOST_REPLICAS = 60
"""That have room in the network."""


@cache
def size() -> tuple[int, float]:
    """Return the number of processors and the bytes of memory that containers can have.

    On Linux they are this machine's; elsewhere Docker runs in a virtual machine, which has less.
    """
    if sys.platform != "linux" and shutil.which("docker"):
        try:
            said = docker.ask("info", "--format", "{{.NCPU}} {{.MemTotal}}").stdout.split()
            return int(said[0]), float(said[1])
        except (docker.NoDocker, ValueError, IndexError):
            pass
    return os.cpu_count() or 1, memory()


def memory() -> float:
    """Return this machine's bytes of memory, or FOUR_GB where it does not say."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, OSError, ValueError):
        return FOUR_GB


def fewest_replicas() -> str:
    """Return how many replicas always run: one where memory is short."""
    return "1" if size()[1] < FOUR_GB else "2"


def most_replicas() -> str:
    """Return how many run at most: one for each processor, as one replica can use one."""
    return str(max(int(fewest_replicas()), min(size()[0], MOST_REPLICAS)))


def cores() -> str:
    """Return how many processors there are; Docker refuses to promise more."""
    return str(size()[0])
