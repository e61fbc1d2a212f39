"""What there is to do: the inputs of a run have a digest, and a finished run leaves it behind."""

import hashlib
import json
from datetime import UTC, datetime

from core.code import code_digest
from core.storage import bucket, create, names
from processing.rows.raw import RawFile, raw_files, unchecked
from processing.training.causes import causes


def inputs_digest() -> str:
    """Names what a run would start from: every raw file, and the code of `model/`."""
    return _digest(raw_files(bucket("raw")))


def work_to_do() -> tuple[str | None, bool]:
    """What a run would be for, as a name that is the same for the same work, and whether the inputs are new.

    Inputs that a run has finished from may still be a cause to train later, when a cool-down is over.
    """
    digest = inputs_digest()
    if not is_done(digest):
        return digest, True
    found = causes(bucket("processed"), bucket("models"))
    return (
        (hashlib.sha256(json.dumps([digest, found]).encode()).hexdigest()[:16], False)
        if found
        else (None, False)
    )


def is_done(digest: str) -> bool:
    """Whether a run has finished from these inputs."""
    return _marker(digest) in names(bucket("processed"), "runs")


def mark_done() -> None:
    """Say that a run has finished from the files that are checked; one that came meanwhile is not among them."""
    raw, processed = bucket("raw"), bucket("processed")
    waiting = unchecked(raw, processed)
    digest = _digest([file for file in raw_files(raw) if file not in waiting])
    create(
        processed, _marker(digest), json.dumps({"finished": datetime.now(UTC).isoformat()}).encode()
    )


def _marker(digest: str) -> str:
    return f"runs/{digest}.json"


def _digest(files: list[RawFile]) -> str:
    inputs = [sorted([file.path, file.etag] for file in files), code_digest()]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()[:16]
