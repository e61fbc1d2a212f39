"""Make .env from .env.example, and the keys it holds known to the API. Never changes what is there."""

import os
import re
import secrets
import string
import sys
from pathlib import Path

from core import keys

PROJECT = Path(__file__).resolve().parent.parent
ENV = PROJECT / ".env"
EXAMPLE = PROJECT / ".env.example"
API_KEYS = PROJECT / "access" / "api-keys.json"
USERS = PROJECT / "access" / "users"

ENTRY = re.compile(r"^([A-Z][A-Z0-9_]*)=(.*)$")
SECRETS_BEGIN = "# ---- Secrets"
LETTERS = string.ascii_letters + string.digits
OWN_KEYS = {
    "API_KEY": ("owner", keys.RIGHTS),
    "JUPYTERLAB_API_KEY": ("jupyterlab", ("predict", "model")),
}


def lines(path: Path) -> list[str]:
    """The file's lines, or none if there is no such file."""
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def entries(text: list[str]) -> dict[str, str]:
    """The variables that are set in these lines, as Compose reads them."""
    found = (ENTRY.match(line) for line in text)
    return {
        entry[1]: re.sub(r"\s+#.*$", "", entry[2]).strip().strip("'\"") for entry in found if entry
    }


def values() -> dict[str, str]:
    """What is in .env; a variable of the shell wins, as it does for Compose."""
    written = entries(lines(ENV))
    return written | {name: os.environ[name] for name in written if name in os.environ}


def fresh(name: str) -> str:
    """A new secret for this variable."""
    return (
        keys.make_key() if name in OWN_KEYS else "".join(secrets.choice(LETTERS) for _ in range(32))
    )


def added(present: list[str], example: list[str]) -> list[str]:
    """The entries that only the example has, each with the comment above it."""
    missing = entries(example).keys() - entries(present).keys()
    result, comment = [], []
    for line in example:
        entry = ENTRY.match(line)
        if entry and entry[1] in missing:
            result += [*comment, line]
        comment = [*comment, line] if line.startswith("#") else [""]
    return result


def filled(text: list[str], secret: set[str]) -> list[str]:
    """The same lines, with a fresh secret where one is empty."""
    empty = {name for name, value in entries(text).items() if not value} & secret
    return [
        f"{name}={fresh(name)}" if (name := line.partition("=")[0]) in empty else line
        for line in text
    ]


def replace(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace the file in one step; by default only its owner may read it."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with open(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    os.replace(new, path)


def secret_names(example: list[str]) -> set[str]:
    """The variables below the example's last heading."""
    start = next(number for number, line in enumerate(example) if line.startswith(SECRETS_BEGIN))
    return set(entries(example[start:]))


def make_env() -> None:
    """Bring .env up to date with .env.example."""
    present, example = lines(ENV), lines(EXAMPLE)
    complete = filled(
        present + added(present, example) if present else example, secret_names(example)
    )
    if complete != present:
        replace(ENV, "\n".join(complete) + "\n")
        print(".env has what was missing." if present else ".env is made, with fresh secrets.")
    ENV.chmod(0o600)


def empty(name: str) -> None:
    """Take a variable's value out of .env; the next `make env` gives a secret a new one."""
    replace(
        ENV,
        "".join(
            f"{name}=\n" if line.startswith(f"{name}=") else f"{line}\n" for line in lines(ENV)
        ),
    )


def let_own_keys_in() -> None:
    """Hand the hashes of the keys in .env to the API."""
    written = entries(lines(ENV))
    for variable, (name, rights) in OWN_KEYS.items():
        keys.put(API_KEYS, name, written[variable], rights)


def main() -> None:
    make_env()
    if not USERS.exists():
        replace(USERS, "# Who may sign in: name and bcrypt hash, written by `make user`.\n", 0o644)
    try:
        let_own_keys_in()
    except keys.KeyProblem as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
