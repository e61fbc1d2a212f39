"""Show which services run, whether each is healthy, and which model answers."""

import sys
from collections import defaultdict
from itertools import chain

from ops import api, backup, compose, dotenv

HEALTHY = {"healthy", "done", "running"}


def state(container: dict) -> str:
    """Return a container's state in a word or two; a job that has succeeded is done."""
    if container["State"] == "exited":
        code = container["ExitCode"]
        return f"failed with code {code}" if code else "done"
    return container.get("Health") or container["State"]


def model() -> str:
    """Return a sentence with the champion's version and metrics, or why there is none."""
    try:
        card = api.call("/v1/model")
    except api.ApiProblem as problem:
        return str(problem)
    metrics = ", ".join(
        f"{name.replace('_', ' ')} {value:.4g}" for name, value in card["metrics"].items()
    )
    return f"The champion is {card['version']}: {metrics}."


def main() -> None:
    services = defaultdict(list)
    for container in compose.containers():
        services[container["Service"]].append(state(container))
    if not services:
        sys.exit("Nothing runs. `make up` starts the platform.")
    for service, states in sorted(services.items()):
        print(f"{service:<20} {', '.join(states)}")
    print(f"\n{model()}")
    if not dotenv.values().get("BACKUP_REPOSITORY") or "backup" not in services:
        print(backup.NO_PLACE)
    if not HEALTHY.issuperset(chain.from_iterable(services.values())):
        sys.exit("Not everything is healthy. `make logs` shows the reasons.")


if __name__ == "__main__":
    main()
