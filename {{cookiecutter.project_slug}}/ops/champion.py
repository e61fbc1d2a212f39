"""Switch to another version of the model; `--back` returns to the one before."""

import sys

from ops import arguments, compose, virtualenv

USAGE = "make champion VERSION=20130331-1f0c2a9b"


def main() -> None:
    version = "--back" if "--back" in sys.argv else arguments.word("VERSION", USAGE)
    command = ("-m", "processing.champion", version)
    if compose.is_running("processing"):
        compose.run("exec", "-T", "processing", "python", *command)
    else:
        virtualenv.run(virtualenv.ready(), *command)


if __name__ == "__main__":
    main()
