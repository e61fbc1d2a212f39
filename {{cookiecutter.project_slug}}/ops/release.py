"""Replaces the replicas of prediction while they answer: each new one before an old one goes.

And only if the new release answers the card's example as the card says: a replica is tried first,
where no request reaches it. Otherwise the old ones stay.
"""

import json
import os
import subprocess

from ops import compose, docker, dotenv

SERVICE = "prediction"
IMAGE, CONFIGURATION = "com.docker.compose.image", "com.docker.compose.config-hash"
START = 120
"""Seconds until a new replica is healthy."""

STOP = 90
"""Seconds until an old one has finished what it had, or was killed."""


class Refused(Exception):
    """Raised for a release that must not answer; the text says why."""


def replicas() -> list[dict]:
    """Return the project's replicas of prediction as Docker describes them, the oldest first."""
    name = dotenv.values()["COMPOSE_PROJECT_NAME"]
    labels = {"project": name, "service": SERVICE, "oneoff": "False"}
    filters = [f"--filter=label=com.docker.compose.{key}={value}" for key, value in labels.items()]
    ids = docker.ask("ps", "--all", "--quiet", *filters).stdout.split()
    described = json.loads(docker.ask("inspect", *ids).stdout) if ids else []
    return sorted(described, key=lambda one: one["Created"])


def outdated() -> list[dict]:
    """Return the replicas that are not what `up` would make now."""
    wanted = compose.text("config", "--hash", SERVICE).split()[-1:]
    name = f"{dotenv.values()['COMPOSE_PROJECT_NAME']}-{SERVICE}"
    image = docker.ask("image", "inspect", "--format", "{{.Id}}", name).stdout.strip()
    now = {IMAGE: image, CONFIGURATION: "".join(wanted)}
    return [one for one in replicas() if not now.items() <= one["Config"]["Labels"].items()]


def replace() -> None:
    """Replace the replicas that are outdated, one by one. Raise Refused if the new must not answer.

    Those that the autoscaler stopped are just removed: `up` makes them anew.
    """
    old = outdated()
    running = [one for one in old if one["State"]["Running"]]
    if running:
        try_one()
        print(f"Replacing the replicas of prediction ({len(running)}), new before old.", flush=True)
    for one in old:
        if one not in running:
            docker.ask("rm", "--force", one["Id"])
    for one in running:
        add_one()
        docker.ask("stop", one["Id"], patience=STOP)
        docker.ask("rm", "--force", one["Id"])


def try_one() -> None:
    """Start a replica that no request reaches, and see that it answers the card's example."""
    name = f"{dotenv.values()['COMPOSE_PROJECT_NAME']}-{SERVICE}-trial"
    docker.ask("rm", "--force", name)
    try:
        apart = ("run", "--detach", "--no-deps", "--name", name, SERVICE)
        compose.attempt(*apart, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        trial = ("exec", "--env", "API_KEY", name, "python", "-m", "prediction.trial")
        key = {"API_KEY": dotenv.values()["API_KEY"]}
        said = docker.ask(*trial, patience=START, env=os.environ | key)
        if said.returncode:
            raise Refused((said.stderr.strip() or "It ended at once.").splitlines()[-1])
    finally:
        docker.ask("rm", "--force", name)


def add_one() -> None:
    """Start one replica more, as it is now. Raise Refused, and remove it, if it is not healthy."""
    before = {one["Id"] for one in replicas()}
    more = ("--no-deps", "--no-recreate", "--scale", f"{SERVICE}={len(before) + 1}")
    done = compose.attempt("up", "--detach", "--wait", "--wait-timeout", str(START), *more, SERVICE)
    if done.returncode:
        for one in replicas():
            if one["Id"] not in before:
                docker.ask("rm", "--force", one["Id"])
        raise Refused(
            "A new replica did not become healthy. `docker compose logs prediction` says why."
        )
