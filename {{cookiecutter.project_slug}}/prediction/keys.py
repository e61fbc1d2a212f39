"""API keys: the hashes in access/api-keys.json, read again when the file changes."""

import logging
import time
from pathlib import Path

from core.keys import ApiKey, hash_key, is_well_formed, load
from prediction.problems import Problem

log = logging.getLogger(__name__)


SCHEME = b"Bearer "


class Keys:
    """Checks the file at most every `seconds`, so a revoked key stops working within that time."""

    def __init__(self, file: Path, seconds: float = 1.0):
        self.file = file
        self.seconds = seconds
        self.next_look = 0.0
        self.seen: tuple | None = None
        self.by_hash: dict[str, ApiKey] = {}

    def check(self, text: str | None, right: str | None) -> ApiKey:
        """Return the key of this text if it has the right. Raise a Problem that says why not.

        With None for the right, every valid key will do.
        """
        if not text:
            raise unauthorised("Send your API key as a header: `Authorization: Bearer KEY`.")
        if not is_well_formed(text):
            raise unauthorised(
                "This is not a whole API key. A key is `slipway_` and 38 letters and digits."
            )
        self.refresh()
        key = self.by_hash.get(hash_key(text))
        if key is None:
            raise unauthorised("This API key is not known here; it may have been revoked.")
        if key.expired():
            raise unauthorised(f"This API key expired at {key.expires}. Ask for a new one.")
        if right is not None and right not in key.rights:
            raise Problem(
                403, f"This API key lacks the right `{right}`; it has {', '.join(key.rights)}."
            )
        return key

    def known(self, authorization: bytes, right: str) -> ApiKey | None:
        """Return the key in this header if it may be used for that, or None if that is not sure."""
        self.refresh()
        key = self.by_hash.get(hash_key(authorization[len(SCHEME) :]))
        good = key is not None and right in key.rights and not key.expired()
        return key if good and authorization.startswith(SCHEME) else None

    def refresh(self) -> None:
        """Read the file again if it has changed. A damaged one changes nothing."""
        if time.monotonic() < self.next_look:
            return
        self.next_look = time.monotonic() + self.seconds
        state = self.state()
        if state == self.seen:
            return
        self.seen = state
        try:
            self.by_hash = {key.hash: key for key in load(self.file)}
        except Exception as error:
            log.error(
                "%s can't be read (%s); the keys read before stay valid.",
                self.file,
                type(error).__name__,
            )

    def state(self) -> tuple | None:
        """Return what differs once the file is replaced or edited, or None if there is no file."""
        try:
            status = self.file.stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size


def unauthorised(detail: str) -> Problem:
    """Return the refusal of a request whose key is missing, unknown or expired."""
    return Problem(401, detail, headers={"WWW-Authenticate": "Bearer"})
