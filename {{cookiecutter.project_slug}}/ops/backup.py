"""Copy everything that can't be made again to BACKUP_REPOSITORY."""

import sys

from ops import compose, dotenv

NO_PLACE = "There is no backup: BACKUP_REPOSITORY in .env is empty. Set it and run `make up`."


def place() -> str:
    """Return where copies go. End with a sentence if they go nowhere."""
    repository = dotenv.values().get("BACKUP_REPOSITORY", "")
    return repository or sys.exit(NO_PLACE)


def copy() -> None:
    """Make a copy now. If it fails, end with its exit code; its reason was shown."""
    place()
    compose.require("backup", "Add backup to COMPOSE_PROFILES in .env and run `make up`.")
    compose.run("exec", "-T", "backup", "sh", "/backup/job.sh", "copy")


if __name__ == "__main__":
    copy()
