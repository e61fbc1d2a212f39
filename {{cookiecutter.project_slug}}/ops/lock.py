"""Lock the Python packages: one set of versions for this machine, part of it for each image."""

from pathlib import Path

from ops import virtualenv
from ops.dotenv import PROJECT

WHOLE = PROJECT / "requirements.in"
COMPILE = (
    *("pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-emit-index-url", "--no-annotate", "--no-header"),
)


def lock(requirements: Path, *more: str) -> None:
    """Write requirements.txt next to requirements.in; versions locked before stay if they can."""
    relative = requirements.relative_to(PROJECT)
    print(f"locking {relative.as_posix()}", flush=True)
    output = str(relative.with_suffix(".txt"))
    virtualenv.uv(*COMPILE, str(relative), "--output-file", output, *more)


def main() -> None:
    lock(WHOLE)
    for part in sorted(PROJECT.glob("*/requirements.in")):
        lock(part, "--constraint", "requirements.txt")


if __name__ == "__main__":
    main()
