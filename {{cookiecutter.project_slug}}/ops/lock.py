"""Lock the Python packages: one set of versions for this machine, and a part of it for each image."""

from pathlib import Path

from ops import virtualenv
from ops.dotenv import PROJECT

WHOLE = PROJECT / "requirements.in"
COMPILE = (
    *("pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-emit-index-url", "--no-annotate", "--no-header"),
)


def lock(wanted: Path, *more: str) -> None:
    """Write requirements.txt beside requirements.in; versions that are locked already stay if they can."""
    relative = wanted.relative_to(PROJECT)
    print(f"locking {relative.as_posix()}", flush=True)
    virtualenv.uv(
        *COMPILE, str(relative), "--output-file", str(relative.with_suffix(".txt")), *more
    )


def main() -> None:
    lock(WHOLE)
    for part in sorted(PROJECT.glob("*/requirements.in")):
        lock(part, "--constraint", "requirements.txt")


if __name__ == "__main__":
    main()
