"""Vegeta, which sends requests at a constant rate, whatever becomes of the answers.

The one that is installed, or else one that is built from its source in a container.
"""

import base64
import csv
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass

from ops import dotenv

MODULE = "github.com/tsenart/vegeta/v12@v12.13.0"
IMAGE = "vegeta:12.13.0"
RECIPE = f"""\
FROM {{registry}}library/golang:1.26.8-alpine3.24
RUN CGO_ENABLED=0 GOBIN=/usr/local/bin go install {MODULE}
ENTRYPOINT ["vegeta"]
"""

PATIENCE = 30
"""Seconds after which an answer comes too late."""


@dataclass
class Reply:
    """What became of a request: when it was sent, the status (0 without an answer), the seconds."""

    sent: float
    status: int
    took: float


def program() -> list[str]:
    """Return the words that run Vegeta. End if there is none and none can be built."""
    if shutil.which("vegeta"):
        return ["vegeta"]
    present = subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True)
    if present.returncode:
        print("Building Vegeta, once; a minute or two ...", flush=True)
        recipe = RECIPE.format(registry=dotenv.values().get("IMAGE_REGISTRY", ""))
        command = ["docker", "build", "--quiet", "--tag", IMAGE, "-"]
        if subprocess.run(command, input=recipe.encode(), stdout=subprocess.DEVNULL).returncode:
            sys.exit("Vegeta could not be built. Install it, so that `vegeta` is on the PATH.")
    return ["docker", "run", "--rm", "--interactive", "--network", "host", IMAGE]


def attack(url: str, key: str, question: dict, rate: str, seconds: str) -> list[Reply]:
    """Ask this question at a constant rate, and return what became of each request."""
    target = {
        "method": "POST",
        "url": url,
        "header": {"Authorization": [f"Bearer {key}"], "Content-Type": ["application/json"]},
        "body": base64.b64encode(json.dumps(question).encode()).decode(),
    }
    words = ["attack", "-format=json", f"-rate={rate}", f"-duration={seconds}s"]
    words += [f"-timeout={PATIENCE}s", *insecure()]
    sent = subprocess.run(
        [*program(), *words], input=f"{json.dumps(target)}\n".encode(), stdout=subprocess.PIPE
    )
    if sent.returncode:
        sys.exit("Vegeta could not send the requests; the reason is above.")
    return replies(sent.stdout)


def insecure() -> list[str]:
    """Return the word that accepts the gateway's own certificate, if that is what signs here."""
    return ["-insecure"] if dotenv.values().get("CERTIFICATES") == "internal" else []


def replies(results: bytes) -> list[Reply]:
    """Return what Vegeta's results say, in the order of sending."""
    table = subprocess.run(
        [*program(), "encode", "-to=csv"], input=results, stdout=subprocess.PIPE, check=True
    )
    rows = csv.reader(table.stdout.decode().splitlines())
    found = [Reply(int(row[0]) / 1e9, int(row[1]), int(row[2]) / 1e9) for row in rows]
    return sorted(found, key=lambda reply: reply.sent)
