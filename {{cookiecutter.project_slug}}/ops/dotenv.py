"""Make .env from .env.example and register its API keys. Values that are set never change."""

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
    """Return the file's lines, or none if there is no such file."""
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def entries(text: list[str]) -> dict[str, str]:
    """Return the variables that are set in these lines, as Compose reads them."""
    matches = [entry for line in text if (entry := ENTRY.match(line))]
    return {entry[1]: without_comment(entry[2]).strip("'\"") for entry in matches}


def without_comment(value: str) -> str:
    """Return a value without the comment that may follow it."""
    return re.sub(r"\s+#.*$", "", value).strip()


def values() -> dict[str, str]:
    """Return the variables of .env; one that the shell sets wins, as it does for Compose."""
    settings = entries(lines(ENV))
    return settings | {name: os.environ[name] for name in settings if name in os.environ}


def new_secret(name: str) -> str:
    """Return a new secret for this variable."""
    if name in OWN_KEYS:
        return keys.make_key()
    return "".join(secrets.choice(LETTERS) for _ in range(32))


def missing_lines(present: list[str], example: list[str]) -> list[str]:
    """Return the entries that only the example has, each with the comment above it."""
    missing = entries(example).keys() - entries(present).keys()
    result, comment = [], []
    for line in example:
        entry = ENTRY.match(line)
        if entry and entry[1] in missing:
            result += [*comment, line]
        comment = [*comment, line] if line.startswith("#") else [""]
    return result


def with_secrets(text: list[str], secret: set[str]) -> list[str]:
    """Return the lines with a new secret for each of these variables that is empty."""
    empty = {name for name, value in entries(text).items() if not value} & secret
    names = [line.partition("=")[0] for line in text]
    return [
        f"{name}={new_secret(name)}" if name in empty else line
        for name, line in zip(names, text, strict=True)
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
    """Return the variables below the example's last heading."""
    start = next(number for number, line in enumerate(example) if line.startswith(SECRETS_BEGIN))
    return set(entries(example[start:]))


def make_env() -> None:
    """Bring .env up to date with .env.example."""
    present, example = lines(ENV), lines(EXAMPLE)
    whole = present + missing_lines(present, example) if present else example
    complete = with_secrets(whole, secret_names(example))
    if complete != present:
        replace(ENV, "\n".join(complete) + "\n")
        print("Added to .env what was missing." if present else "Made .env with new secrets.")
    ENV.chmod(0o600)


def empty(name: str) -> None:
    """Remove a variable's value from .env; the next `make env` gives a secret a new one."""
    emptied = [f"{name}=" if line.startswith(f"{name}=") else line for line in lines(ENV)]
    replace(ENV, "".join(f"{line}\n" for line in emptied))


def register_own_keys() -> None:
    """Give the hashes of the API keys in .env to the API."""
    settings = entries(lines(ENV))
    for variable, (name, rights) in OWN_KEYS.items():
        keys.put(API_KEYS, name, settings[variable], rights)


def main() -> None:
    make_env()
    if not USERS.exists():
        replace(USERS, "# Who may sign in: name and bcrypt hash, written by `make user`.\n", 0o644)
    try:
        register_own_keys()
    except keys.KeyProblem as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
