"""Take back the outcomes that an API key reported; `--show` lists who reported what."""

import sys

from ops import arguments, compose, virtualenv


def main() -> None:
    names = [] if "--show" in sys.argv else [arguments.word("NAME", "make withdraw NAME=shop")]
    command = ("-m", "processing.withdraw", *names)
    if compose.is_running("processing"):
        compose.run("exec", "-T", "processing", "python", *command)
    else:
        virtualenv.run(virtualenv.ready(), *command)


if __name__ == "__main__":
    main()
