"""Delete what `make local` and `make notebook` have made of rows, after asking."""

import shutil
import sys

from ops.dotenv import PROJECT

FOLDER = PROJECT / "data"


def main() -> None:
    if not FOLDER.exists():
        sys.exit("There is nothing to delete: the folder data/ does not exist.")
    print(f"This deletes the folder {FOLDER}:")
    print(
        "raw files, checked rows, models and answers of `make local`. The platform keeps its own."
    )
    try:
        typed = input("Type data to continue: ")
    except EOFError:
        typed = ""
    if typed.strip() != FOLDER.name:
        sys.exit("Nothing was deleted.")
    shutil.rmtree(FOLDER)


if __name__ == "__main__":
    main()
