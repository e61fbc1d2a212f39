"""Remove the platform and all its data, after asking."""

import sys

from ops import compose, dotenv, ownership


def main() -> None:
    name = dotenv.values()["COMPOSE_PROJECT_NAME"]
    ownership.require()  # ends here, before the question; also if Docker does not answer
    print(f"This deletes the containers of {name} and all its data:")
    print("storage, database, notebooks, metrics.")
    try:
        typed = input("Type its name to continue: ")
    except EOFError:
        typed = ""
    if typed.strip() != name:
        sys.exit("Nothing was deleted.")
    compose.run(*compose.ALL_PROFILES, "down", "--volumes", "--remove-orphans")


if __name__ == "__main__":
    main()
