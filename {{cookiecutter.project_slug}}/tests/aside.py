"""What is set aside, as the tests ask for it."""

from core.quarantine import entries


def set_aside(storage, kind: str) -> dict[str, str]:
    """Return name and reason of what is set aside."""
    of_kind = [entry for entry in entries(storage("processed")) if entry["kind"] == kind]
    return {entry["name"]: entry["reason"] for entry in of_kind if entry["reason"]}
