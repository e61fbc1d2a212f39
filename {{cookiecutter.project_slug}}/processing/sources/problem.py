"""What `extract` says when its source can't be had: a sentence without secrets."""

import os


class SourceProblem(Exception):
    """A source that could not be read; the text says why. What is stored already is still worked on."""


def without_secrets(text: str, *others: str | None) -> str:
    """The text with the secrets of the environment, and others, taken out."""
    secrets = [os.environ.get("SOURCE_PASSWORD"), os.environ.get("SOURCE_TOKEN"), *others]
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    return text
