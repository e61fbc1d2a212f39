"""A storage key for another application; made inside the stack, where storage's administrator may act."""

import sys

from ops import arguments, compose

USAGE = "make storage-key NAME=reports RIGHTS=predictions:read"


def main() -> None:
    name, rights = arguments.word("NAME", USAGE), arguments.word("RIGHTS", USAGE)
    if not compose.is_running("storage"):
        sys.exit("Storage does not run. Say `make up` first.")
    compose.run(
        "run",
        "--rm",
        "--no-deps",
        "-T",
        "storage-setup",
        "python",
        "-m",
        "storage.key",
        name,
        rights,
    )


if __name__ == "__main__":
    main()
