"""Make, list and revoke API keys: `python -m ops.keys make|show|revoke`."""

import sys

from core import keys
from ops import arguments, dotenv


def make() -> None:
    """Make a key and print it, this once."""
    name = arguments.word("NAME", "make key NAME=shop")
    days = arguments.optional("DAYS")
    if days and not days.isdecimal():
        sys.exit(
            f"DAYS is {days!r}; write a number of days, "
            "or leave it out for a key that never expires."
        )
    rights = [right for right in arguments.optional("RIGHTS").split(",") if right] or keys.RIGHTS
    text = keys.add(dotenv.API_KEYS, name, rights, int(days) if days else None)
    print(f"{text}\n\nGive it to {name}; it is shown only once and works within seconds.")
    print(f"Rights: {', '.join(rights)}.")


def show() -> None:
    """List every key with its rights and its expiry."""
    print(f"{'name':<24} {'rights':<26} {'made':<12} expires")
    for key in keys.load(dotenv.API_KEYS):
        expiry = "never" if key.expires is None else key.expires[:10]
        remark = " (expired)" if key.expired() else ""
        rights = ", ".join(key.rights)
        print(f"{key.name:<24} {rights:<26} {key.created[:10]:<12} {expiry}{remark}")


def revoke() -> None:
    """Revoke a key; one in .env is emptied there, or the next start would register it again."""
    name = arguments.word("NAME", "make revoke NAME=shop")
    keys.revoke(dotenv.API_KEYS, name)
    print(f"The key of {name} stops working within seconds.")
    for variable, (owner, _) in dotenv.OWN_KEYS.items():
        if owner == name:
            dotenv.empty(variable)
            print(f"{variable} in .env was that key and is empty now; `make up` makes a new one.")


COMMANDS = {"make": make, "show": show, "revoke": revoke}

if __name__ == "__main__":
    try:
        COMMANDS[sys.argv[1]]()
    except keys.KeyProblem as problem:
        sys.exit(str(problem))
