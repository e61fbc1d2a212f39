"""What `extract` raises when its source can't be read: a sentence without secrets."""

import os


class SourceProblem(Exception):
    """A source that could not be read; the text says why. Stored files are processed anyway."""


def without_secrets(text: str, *others: str | None) -> str:
    """Return the text without the secrets of the environment, and without others."""
    secrets = [os.environ.get("SOURCE_PASSWORD"), os.environ.get("SOURCE_TOKEN"), *others]
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    return text
