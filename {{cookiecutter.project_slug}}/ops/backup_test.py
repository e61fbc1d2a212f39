"""Restore the newest copy into a platform of its own beside this one, compare, and remove it."""

import secrets
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ops import api, backup, compose, dotenv, restore, subnets
from ops.settings import PORTS

SERVED = ("storage", "gateway-signin", "gateway", "prediction")
CONTENTS = ("/backup/contents.sh", "/platform")
MODEL = "from ops import api; print(api.call('/v1/model')['version'])"


def in_folder(folder: Path, *command: str) -> str:
    """Run a command in the rehearsal's folder and return its output. If it fails, end."""
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, encoding="utf-8")
    if done.returncode:
        sys.exit(f"The rehearsal failed at `{' '.join(command[:6])}`; the reason is above.")
    return done.stdout


def here() -> set[str]:
    """Return the path and digest of each file that the platform keeps now."""
    command = ("exec", "-T", "backup", "sh", *CONTENTS)
    return set(compose.run(*command, stdout=subprocess.PIPE, encoding="utf-8").stdout.splitlines())


def of_its_own() -> dict[str, str]:
    """Return the settings that keep the rehearsal apart: name, addresses, and no optional part."""
    with ExitStack() as taken:
        free = [taken.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in PORTS]
        ports = {name: str(one.getsockname()[1]) for name, one in zip(PORTS, free, strict=True)}
    return ports | {
        "COMPOSE_PROJECT_NAME": f"{dotenv.values()['COMPOSE_PROJECT_NAME']}-rehearsal",
        "PROJECT_ID": secrets.token_hex(8),
        "NETWORK": subnets.free(),
        "COMPOSE_PROFILES": "",
        "DOMAIN": "",
        "REPLICAS_MIN": "1",
        "REPLICAS_MAX": "1",
    }


@contextmanager
def restored() -> Iterator[Path]:
    """Yield the folder of a platform that was restored from the newest copy, and remove it."""
    with tempfile.TemporaryDirectory(prefix="backup-test-") as name:
        folder = Path(name).resolve()
        text = restore.merged(restore.settings_then(), dotenv.values())
        restore.files(folder, dotenv.with_values(text, of_its_own()))
        try:
            in_folder(folder, sys.executable, "-m", "ops.restore", "--data")
            yield folder
        finally:
            down = ("down", "--volumes", "--remove-orphans", "--rmi", "local")
            in_folder(folder, "docker", "compose", "--profile", "*", *down)


def by_bucket(files: set[str]) -> str:
    """Return how many files there are of each bucket and volume."""
    places = (file.split("  ", 1)[1].split("/") for file in files)
    counts = Counter(path[1] if path[0] == "storage" else path[0] for path in places)
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def main() -> None:
    before = here() if backup.place() else set()
    backup.copy()
    with restored() as folder:
        there = set(in_folder(folder, "docker", "compose", *restore.SCRIPT, *CONTENTS).splitlines())
        in_folder(folder, *("docker", "compose", "up", "--detach", "--wait", "--no-deps"), *SERVED)
        champion = in_folder(folder, sys.executable, "-c", MODEL).strip()
    if lost := sorted((before & here()) - there):
        sys.exit(
            f"{len(lost)} files are missing or different in the restored platform, "
            f"such as {lost[0].split('  ', 1)[1]}."
        )
    if champion != api.call("/v1/model")["version"]:
        sys.exit(f"The restored platform answers with {champion}, and this one with another model.")
    print(f"Restored and compared, file by file: {by_bucket(there)}.")
    print(f"The restored platform answered to the same API key, with the champion {champion}.")


if __name__ == "__main__":
    main()
