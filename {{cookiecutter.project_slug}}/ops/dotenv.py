"""Make .env from .env.example and register its API keys.

Values that are set never change, but for those derived from others.
"""

import os
import re
import secrets
import string
import sys
from pathlib import Path

from core import keys
from ops import envfile, machine, memory, modes, proxy, subnets

PROJECT = Path(__file__).resolve().parent.parent
ENV = PROJECT / ".env"
EXAMPLE = PROJECT / ".env.example"
API_KEYS = PROJECT / "access" / "api-keys.json"
USERS = PROJECT / "access" / "users"

ENTRY = re.compile(r"^([A-Z][A-Z0-9_]*)=")
SECRETS_BEGIN = "# ---- Secrets"
LETTERS = string.ascii_letters + string.digits
OWN_KEYS = {
    "API_KEY": ("owner", keys.RIGHTS),
    "JUPYTERLAB_API_KEY": ("jupyterlab", ("predict", "model")),
}
OF_THIS_MACHINE = {
    "NETWORK": subnets.free,
    "PROXY_EXCEPTIONS": proxy.exceptions,
    "REPLICAS_MIN": machine.fewest_replicas,
    "REPLICAS_MAX": machine.most_replicas,
    "PROCESSING_CORES": machine.cores,
    "PROJECT_ID": lambda: secrets.token_hex(8),
}
"""What else `make env` fills in."""


def log_driver(settings: dict[str, str]) -> str:
    """Return Docker's log driver: what sends lines to the part logs, if that is on."""
    return "syslog" if "logs" in settings.get("COMPOSE_PROFILES", "").split(",") else "local"


def backup_folder(settings: dict[str, str]) -> str:
    """Return the folder that is mounted for the backup, or nothing if it goes elsewhere."""
    repository = settings.get("BACKUP_REPOSITORY", "")
    is_folder = re.match(r"[/.~]", repository)
    return str((PROJECT / Path(repository).expanduser()).resolve()) if is_folder else ""


DERIVED = {"LOG_DRIVER": log_driver, "BACKUP_FOLDER": backup_folder}
"""What follows from other values, and from nothing else."""


def lines(path: Path) -> list[str]:
    """Return the file's lines, or none if there is no such file."""
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def entries(shell: bool = True) -> list[envfile.Entry]:
    """Return what .env sets, as Compose reads it in this shell, or as if the shell set nothing."""
    return envfile.parse(envfile.read(ENV), os.environ if shell else None) if ENV.exists() else []


def values() -> dict[str, str]:
    """Return the variables of .env; one that the shell sets wins, as it does for Compose."""
    settings = {entry.name: entry.value for entry in entries()}
    return settings | {name: os.environ[name] for name in settings if name in os.environ}


def from_the_shell() -> list[str]:
    """Return the variables that the shell sets to something else than .env does."""
    written = {entry.name: entry.value for entry in entries(shell=False)}
    return sorted(name for name in written if os.environ.get(name, written[name]) != written[name])


def new_value(name: str) -> str:
    """Return what belongs in this variable: a fact of this machine, or a new secret."""
    if name in OF_THIS_MACHINE:
        return OF_THIS_MACHINE[name]()
    if name in OWN_KEYS:
        return keys.make_key()
    return "".join(secrets.choice(LETTERS) for _ in range(32))


def with_missing(text: str, example: str) -> str:
    """Return the text and, at its end, what only the example sets, each with its comment."""
    missing = {entry.name for entry in envfile.parse(example)}
    missing -= {entry.name for entry in envfile.parse(text, os.environ)}
    added, comment = [], []
    for line in example.splitlines():
        entry = ENTRY.match(line)
        if entry and entry[1] in missing:
            added += [*comment, line]
        comment = [*comment, line] if line.startswith("#") else [""]
    newline = "\r\n" if "\r\n" in text else "\n"
    separator = "" if text.endswith("\n") or not added else newline
    return text + separator + "".join(line + newline for line in added)


def with_values(text: str, new: dict[str, str]) -> str:
    """Return the text with each of these values in the place of what is set there now."""
    for entry in reversed(envfile.parse(text)):
        if entry.name in new:
            text = text[: entry.start] + new[entry.name] + text[entry.end :]
    return text


def filled(text: str, names: set[str]) -> str:
    """Return the text with a value for each of these variables that is empty."""
    written = {entry.name: text[entry.start : entry.end] for entry in envfile.parse(text)}
    empty = [name for name in names if written.get(name) in ("", "''", '""')]
    return with_values(text, {name: new_value(name) for name in empty})


def derived(text: str) -> str:
    """Return the text with each value that follows from others."""
    settings = {entry.name: entry.value for entry in envfile.parse(text, os.environ)}
    return with_values(text, {name: of(settings) for name, of in DERIVED.items()})


def replace(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace the file in one step; by default only its owner may read it."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with open(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    os.replace(new, path)


def secret_names(example: str) -> set[str]:
    """Return the variables below the example's last heading."""
    return {entry.name for entry in envfile.parse(example[example.index(SECRETS_BEGIN) :])}


def with_limits(text: str) -> str:
    """Return the text with the limits of memory that are empty, and show how they come about."""
    settings = {entry.name: entry.value for entry in envfile.parse(text)}
    total = machine.size()[1]
    limits = memory.limits(settings, total)
    new = {name: limit for name, limit in limits.items() if settings.get(name) == ""}
    if new:
        print(memory.sums(settings | new, total))
    return with_values(text, new)


def make_env() -> None:
    """Bring .env up to date with .env.example."""
    present = envfile.read(ENV) if ENV.exists() else ""
    example = EXAMPLE.read_text(encoding="utf-8")
    whole = with_missing(present, example) if present.strip() else example
    complete = filled(whole, secret_names(example) | OF_THIS_MACHINE.keys())
    complete = derived(with_limits(complete))
    if complete != present:
        replace(ENV, complete)
        print("Added to .env what was missing." if present else "Made .env with new secrets.")
    ENV.chmod(0o600)


def empty(name: str) -> None:
    """Remove a variable's value from .env; the next `make env` gives a secret a new one."""
    replace(ENV, with_values(envfile.read(ENV), {name: ""}))


def register_own_keys() -> None:
    """Give the hashes of the API keys in .env to the API."""
    settings = {entry.name: entry.value for entry in entries()}
    for variable, (name, rights) in OWN_KEYS.items():
        keys.put(API_KEYS, name, settings[variable], rights)


def main() -> None:
    make_env()
    if not USERS.exists():
        replace(USERS, "# Who may sign in: name and hash, written by `make user`.\n", 0o644)
    try:
        register_own_keys()
    except keys.KeyProblem as problem:
        sys.exit(str(problem))
    modes.open_all(PROJECT)


if __name__ == "__main__":
    main()
