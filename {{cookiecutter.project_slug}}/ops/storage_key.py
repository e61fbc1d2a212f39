"""Make or revoke a storage key for another application, inside the stack as only root may."""

from ops import arguments, compose

USAGE = "make storage-key NAME=reports RIGHTS=predictions:read"


def main() -> None:
    name, rights = arguments.word("NAME", USAGE), arguments.word("RIGHTS", USAGE)
    compose.require("storage", "Run `make up` first.")
    command = ("python", "-m", "storage.key", name, rights)
    compose.run("run", "--rm", "--no-deps", "-T", "storage-setup", *command)


if __name__ == "__main__":
    main()
