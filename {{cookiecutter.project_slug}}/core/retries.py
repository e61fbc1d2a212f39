"""Tells what another attempt may cure, such as a full disk, from what is wrong with an input."""

import errno

from obstore.exceptions import BaseError as StorageError


class TryAgain(Exception):
    """Something that another attempt cures, and no change of the input."""


ERRNOS = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ENOMEM, errno.EAGAIN),
    *(errno.EMFILE, errno.ENFILE, errno.ENETUNREACH, errno.EHOSTUNREACH),
}
"""Full or broken disks, too little memory, too many open files, no network."""


def is_worth_retrying(error: BaseException) -> bool:
    """Return whether storage, database, disk or memory failed, and not what was processed."""
    if isinstance(error, (TryAgain, MemoryError, ConnectionError, TimeoutError)):
        return True
    if isinstance(error, StorageError):  # an object that is missing is a FileNotFoundError instead
        return True
    return isinstance(error, OSError) and error.errno in ERRNOS
