"""List the copies in BACKUP_REPOSITORY, newest last."""

from ops import backup, compose, dotenv

RESTIC = ("run", "--rm", "--no-deps", "-T", "--entrypoint", "restic", "backup")


def main() -> None:
    backup.place()
    dotenv.main()
    compose.run(*RESTIC, "snapshots", "--compact", "--retry-lock=10m")


if __name__ == "__main__":
    main()
