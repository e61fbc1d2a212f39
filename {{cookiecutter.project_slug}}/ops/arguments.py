"""The words that follow a command of `make`, such as NAME=ann."""

import os
import sys


def word(name: str, usage: str) -> str:
    """The value given for this name; without one, the command ends by saying how it is written."""
    value = os.environ.get(name, "").strip()
    if not value:
        sys.exit(f"{name} is missing. Say `{usage}`.")
    return value


def optional(name: str) -> str:
    """The value given for this name, or nothing."""
    return os.environ.get(name, "").strip()
