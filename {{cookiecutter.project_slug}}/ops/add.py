"""Add a file of rows: to the platform, or without Docker to the folder data/."""

import sys
from pathlib import Path

from ops import arguments, processing

USAGE = "make add FILE=flights.csv"


def main() -> None:
    file = Path(arguments.word("FILE", USAGE)).expanduser()
    if not file.is_file():
        sys.exit(f"There is no file {file}. Run `{USAGE}` with the path of a CSV or Parquet file.")
    with file.open("rb") as content:
        in_platform = processing.run("processing.add", file.name, stdin=content)
    if not in_platform:
        print(
            "The platform does not run here, so the file was copied to data/raw/; "
            "`make local` learns from it."
        )


if __name__ == "__main__":
    main()
