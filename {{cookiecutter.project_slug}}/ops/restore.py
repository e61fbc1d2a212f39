"""Bring the platform back from a copy: this folder's files, the volumes, and both databases.

Two settings are enough, BACKUP_REPOSITORY and BACKUP_PASSWORD, in .env or as arguments of `make`.
"""

import filecmp
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

from ops import arguments, backup, compose, docker, dotenv, envfile, ownership, preflight, up
from ops.snapshots import RESTIC

PLACE = (
    "BACKUP_REPOSITORY",
    "BACKUP_FOLDER",
    "BACKUP_PASSWORD",
    "BACKUP_S3_KEY",
    "BACKUP_S3_SECRET",
)
"""Of .env, what stays as it is on this machine; all else is what it was."""

DATA = ("storage", "database", "journal", "notebooks")
BEFORE = "before-restore"
SCRIPT = ("run", "--rm", "--no-deps", "-T", "backup")
WRITABLE = ("-f", "compose.yaml", "-f", "backup/restore.yaml")


def take_arguments() -> None:
    """Write into .env what was given as arguments of `make`, and complete it."""
    dotenv.make_env()
    given = {name: arguments.optional(name) for name in PLACE}
    text = dotenv.with_values(envfile.read(dotenv.ENV), {k: v for k, v in given.items() if v})
    dotenv.replace(dotenv.ENV, text)
    dotenv.main()


def refuse_to_overwrite(settings: Mapping[str, str]) -> None:
    """End with a sentence if a platform of this name holds data on this machine."""
    name = settings["COMPOSE_PROJECT_NAME"]
    volumes = docker.ask(
        *("volume", "ls", "--quiet", "--filter", f"label={ownership.PROJECT_LABEL}={name}")
    ).stdout.split()
    if held := sorted({f"{name}_{part}" for part in DATA}.intersection(volumes)):
        sys.exit(
            f"Nothing was restored: this machine has a platform named {name} already, "
            f"with the volumes {', '.join(held)}. A restore needs an empty machine. "
            "If nobody needs what they hold, `make purge` deletes it."
        )


def snapshot() -> str:
    """Return the copy that SNAPSHOT names, or the newest."""
    return arguments.optional("SNAPSHOT") or "latest"


def settings_then() -> str:
    """Return the .env of the copy. If it can't be read, end with restic's reason."""
    said = docker.ask(
        *("compose", *RESTIC, "dump", "--quiet", snapshot(), "/platform/project/.env"), patience=600
    )
    if said.returncode:
        reason = said.stderr.strip().splitlines()[-1:] or ["no reason given"]
        sys.exit(f"The backup can't be read: {reason[0]}")
    return said.stdout


def merged(then: str, now: Mapping[str, str]) -> str:
    """Return the .env of the copy, with what says where the backup is as it is now."""
    return dotenv.with_values(then, {name: now.get(name, "") for name in PLACE})


def files(folder: Path, text: str) -> None:
    """Bring the project's files back into this folder, with this .env."""
    command = ["docker", "compose", *RESTIC, "dump", "--quiet", snapshot(), "/platform/project"]
    with (
        subprocess.Popen(command, cwd=dotenv.PROJECT, stdout=subprocess.PIPE) as process,
        tarfile.open(fileobj=process.stdout, mode="r|") as archive,
    ):
        for member in archive:
            bring_back(archive, member, folder)
    if process.returncode:
        sys.exit("Not all files could be restored; the reason is above.")
    dotenv.replace(folder / ".env", text)


def bring_back(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Write one file of the copy. If another one stands in its place, that is kept aside."""
    member.name = member.name.lstrip("/").removeprefix("platform/project").lstrip("/")
    if member.name in ("", ".env"):
        return
    path, kept = folder / member.name, folder / BEFORE / member.name
    if path.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        path.replace(kept)
    archive.extract(member, folder, filter="data")
    if kept.is_file() and filecmp.cmp(path, kept, shallow=False):
        kept.unlink()


def data() -> None:
    """Fill the empty volumes, and then the databases that set-up has made."""
    compose.run(*WRITABLE, *SCRIPT, "/backup/restore.sh", snapshot())
    compose.run("run", "--rm", "-T", "database-setup")
    compose.run(*SCRIPT, "/backup/restore_databases.sh")


def main() -> None:
    if problems := list(preflight.docker_problems()):
        sys.exit("\n".join(problems))
    take_arguments()
    backup.place()
    now = dotenv.values()
    refuse_to_overwrite(now)
    text = merged(settings_then(), now)
    refuse_to_overwrite({entry.name: entry.value for entry in envfile.parse(text)})
    files(dotenv.PROJECT, text)
    if replaced := [path for path in (dotenv.PROJECT / BEFORE).rglob("*") if path.is_file()]:
        print(f"{len(replaced)} files of this folder were others; they are in {BEFORE}/ now.")
    data()
    print("Restored. Starting it:", flush=True)
    up.main()


if __name__ == "__main__":
    data() if "--data" in sys.argv else main()
