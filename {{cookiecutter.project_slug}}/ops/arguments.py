"""Arguments of `make`, such as NAME=ann: it hands them on as environment variables."""

import os
import sys


def word(name: str, usage: str) -> str:
    """Return the argument. If it is missing, end with the command as it should be written."""
    value = os.environ.get(name, "").strip()
    if not value:
        sys.exit(f"{name} is missing. Run `{usage}`.")
    return value


def optional(name: str) -> str:
    """Return the argument, or nothing if it is missing."""
    return os.environ.get(name, "").strip()
