"""People's passwords as hashes that are slow to guess. Standard library only."""

import base64
import hashlib
import hmac
import os

SCRYPT = {"n": 2**14, "r": 8, "p": 5}
"""About a third of a second and 16 MB for each look."""


def hashed(password: str) -> str:
    """Return what is kept of a password: salt and hash in one word."""
    salt = os.urandom(16)
    return base64.b64encode(salt + digest(password, salt)).decode()


def matches(password: str, kept: str) -> bool:
    """Return whether this is the password; takes as long whether it is or not."""
    try:
        known = base64.b64decode(kept, validate=True)
    except ValueError:
        known = b""
    return hmac.compare_digest(digest(password, known[:16]), known[16:])


def digest(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, **SCRYPT)
