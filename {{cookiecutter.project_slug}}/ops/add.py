"""Add a file of rows: to the platform, or without Docker to the folder data/."""

import sys
from pathlib import Path

from ops import arguments, compose, virtualenv

USAGE = "make add FILE=flights.csv"


def main() -> None:
    file = Path(arguments.word("FILE", USAGE)).expanduser()
    if not file.is_file():
        sys.exit(f"There is no file {file}. Run `{USAGE}` with the path of a CSV or Parquet file.")
    command = ("-m", "processing.add", file.name)
    with file.open("rb") as content:
        if compose.is_running("processing"):
            compose.run("exec", "-T", "processing", "python", *command, stdin=content)
        else:
            virtualenv.run(virtualenv.ready(), *command, stdin=content)
            print(
                "The platform does not run here, so the file was copied to data/raw/; "
                "`make local` learns from it."
            )


if __name__ == "__main__":
    main()
