"""Tells what another attempt may cure, such as a full disk, from what is wrong with an input."""

import errno
import re

from obstore.exceptions import BaseError as StorageError


class TryAgain(Exception):
    """Something that another attempt cures, and no change of the input."""


ERRNOS = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ENOMEM, errno.EAGAIN),
    *(errno.EMFILE, errno.ENFILE, errno.ENETUNREACH, errno.EHOSTUNREACH),
}
"""Full or broken disks, too little memory, too many open files, no network."""

SAID = re.compile(r"\(os error (\d+)\)")
"""How libraries written in Rust, as Polars is, say what the system said."""


def is_worth_retrying(error: BaseException) -> bool:
    """Return whether storage, database, disk or memory failed, and not what was processed."""
    if isinstance(error, (TryAgain, MemoryError, ConnectionError, TimeoutError)):
        return True
    if isinstance(error, StorageError):  # an object that is missing is a FileNotFoundError instead
        return True
    said = SAID.search(str(error))
    number = int(said[1]) if said else getattr(error, "errno", None)
    return number in ERRNOS
