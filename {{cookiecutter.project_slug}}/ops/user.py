"""Let a person sign in, or change their password. The gateway sees the new file within seconds."""

import getpass
import re
import sys

from core import passwords
from ops import arguments, dotenv

NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")
SHORTEST, LONGEST = 10, 1000


def chosen_password(name: str) -> str:
    """Ask for a password twice; without a terminal, read one line of the input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass(f"Password for {name}: ")
    if getpass.getpass("Once more: ") != password:
        sys.exit("The passwords differ. Nothing was changed.")
    return password


def main() -> None:
    name = arguments.word("NAME", "make user NAME=ann")
    if not NAME.fullmatch(name):
        sys.exit(f"{name!r} can't be a user's name; use 1 to 64 letters, digits and . _ @ -.")
    if name == dotenv.values()["ADMIN_USER"]:
        sys.exit(f"{name} is ADMIN_USER in .env; change ADMIN_PASSWORD there, and run `make up`.")
    password = chosen_password(name)
    if not SHORTEST <= len(password.encode()) <= LONGEST:
        sys.exit(f"Use a password of {SHORTEST} to {LONGEST} characters. Nothing was changed.")
    others = [line for line in dotenv.lines(dotenv.USERS) if line.partition(" ")[0] != name]
    dotenv.replace(
        dotenv.USERS, "\n".join([*others, f"{name} {passwords.hashed(password)}"]) + "\n", 0o644
    )
    print(f"{name} may sign in. To revoke that, delete the line of {name} in access/users.")


if __name__ == "__main__":
    main()
