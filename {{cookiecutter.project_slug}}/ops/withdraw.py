"""Take back the outcomes that an API key reported; `--show` lists who reported what."""

import sys

from ops import arguments, processing


def main() -> None:
    names = [] if "--show" in sys.argv else [arguments.word("NAME", "make withdraw NAME=shop")]
    processing.run("processing.withdraw", *names)


if __name__ == "__main__":
    main()
