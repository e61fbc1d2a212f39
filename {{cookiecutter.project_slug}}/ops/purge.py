"""Remove the platform with everything it has stored, after asking."""

import sys

from ops import compose, dotenv


def main() -> None:
    name = dotenv.values()["COMPOSE_PROJECT_NAME"]
    print(
        f"This deletes the containers of {name} and all its data: storage, database, notebooks, metrics."
    )
    try:
        typed = input("Type its name to go on: ")
    except EOFError:
        typed = ""
    if typed.strip() != name:
        sys.exit("Nothing was deleted.")
    compose.run(*compose.EVERYTHING, "down", "--volumes", "--remove-orphans")


if __name__ == "__main__":
    main()
