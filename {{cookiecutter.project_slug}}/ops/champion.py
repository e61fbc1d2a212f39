"""Switch to another version of the model; `--back` returns to the one before."""

import sys

from ops import arguments, processing

USAGE = "make champion VERSION=20130331-1f0c2a9b"


def main() -> None:
    version = "--back" if "--back" in sys.argv else arguments.word("VERSION", USAGE)
    processing.run("processing.champion", version)


if __name__ == "__main__":
    main()
