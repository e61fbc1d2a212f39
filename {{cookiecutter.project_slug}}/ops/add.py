"""Hand a file of rows to the platform, or without Docker to the folder data/."""

import sys
from pathlib import Path

from ops import arguments, compose, virtualenv


def main() -> None:
    file = Path(arguments.word("FILE", "make add FILE=flights.csv")).expanduser()
    if not file.is_file():
        sys.exit(
            f"There is no file {file}. Say `make add FILE=flights.csv` with the path of a CSV or Parquet file."
        )
    with file.open("rb") as content:
        if compose.is_running("processing"):
            compose.run(
                "exec",
                "-T",
                "processing",
                "python",
                "-m",
                "processing.add",
                file.name,
                stdin=content,
            )
        else:
            virtualenv.run(virtualenv.ready(), "-m", "processing.add", file.name, stdin=content)
            print(
                "Docker runs no processing here, so it lies in data/raw/; `make local` learns from it."
            )


if __name__ == "__main__":
    main()
