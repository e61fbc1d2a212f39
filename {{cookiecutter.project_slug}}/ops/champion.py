"""Put another version of the model into service; `--back` brings back the one before."""

import sys

from ops import arguments, compose, virtualenv


def main() -> None:
    wanted = (
        "--back"
        if "--back" in sys.argv
        else arguments.word("VERSION", "make champion VERSION=20130331-1f0c2a9b")
    )
    if compose.is_running("processing"):
        compose.run("exec", "-T", "processing", "python", "-m", "processing.champion", wanted)
    else:
        virtualenv.run(virtualenv.ready(), "-m", "processing.champion", wanted)


if __name__ == "__main__":
    main()
