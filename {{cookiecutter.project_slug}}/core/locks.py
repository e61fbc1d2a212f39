"""A file as a lock between processes, on every system. Standard library only."""

import os

if os.name == "nt":
    import msvcrt

    def wait_for(turn) -> None:
        msvcrt.locking(turn.fileno(), msvcrt.LK_LOCK, 1)
else:
    import fcntl

    def wait_for(turn) -> None:
        fcntl.flock(turn, fcntl.LOCK_EX)
