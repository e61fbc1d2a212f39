"""What there is to do: the inputs of a run have a digest, and a finished run leaves it behind."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from core.code import code_digest
from core.layout import RUNS
from core.storage import as_json, bucket, create, exists
from processing.rows.raw import RawFile, raw_files, waiting
from processing.training.causes import causes


@dataclass(frozen=True)
class Work:
    """What a run would be for, as a name that is the same for the same work.

    Inputs that a run has finished from are not new, but may be a cause to train later, when a
    cool-down is over.
    """

    name: str
    is_new: bool


def work_to_do() -> Work | None:
    """Return what a run would be for, or None if there is nothing to do."""
    inputs = inputs_digest()
    if not is_done(inputs):
        return Work(inputs, is_new=True)
    sentences = causes(bucket("processed"), bucket("models"), finished=inputs)
    return Work(_digest([inputs, sentences]), is_new=False) if sentences else None


def inputs_digest() -> str:
    """Return what a run would start from: every raw file, and the code of `model/`."""
    return _digest_of_files(raw_files(bucket("raw")))


def is_done(inputs: str) -> bool:
    """Return whether a run has finished from these inputs."""
    return exists(bucket("processed"), _marker(inputs))


def mark_done() -> None:
    """Keep in mind that a run has finished from the files that are checked.

    One that came meanwhile is not among them.
    """
    processed, files = bucket("processed"), raw_files(bucket("raw"))
    unchecked = set(waiting(files, processed))
    inputs = _digest_of_files([file for file in files if file not in unchecked])
    create(processed, _marker(inputs), as_json({"finished": datetime.now(UTC).isoformat()}))


def _marker(inputs: str) -> str:
    return f"{RUNS}/{inputs}.json"


def _digest_of_files(files: list[RawFile]) -> str:
    return _digest([sorted([file.path, file.etag] for file in files), code_digest()])


def _digest(value: list) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]
