"""Which parts run, whether each is well, and which model answers."""

import sys
from collections import defaultdict

from ops import api, compose


def state(container: dict) -> str:
    """A container's state in one word, where a job that ended well is done."""
    if container["State"] == "exited":
        return f"failed with code {container['ExitCode']}" if container["ExitCode"] else "done"
    return container.get("Health") or container["State"]


def model() -> str:
    """The champion in a sentence, or why there is none."""
    try:
        card = api.call("/v1/model")
    except api.ApiProblem as problem:
        return str(problem)
    measured = ", ".join(
        f"{name.replace('_', ' ')} {value:.4g}" for name, value in card["metrics"].items()
    )
    return f"The champion is {card['version']}: {measured}."


def main() -> None:
    parts = defaultdict(list)
    for container in compose.containers():
        parts[container["Service"]].append(state(container))
    if not parts:
        sys.exit("Nothing runs. `make up` starts the platform.")
    for part, states in sorted(parts.items()):
        print(f"{part:<20} {', '.join(states)}")
    print(f"\n{model()}")
    if any(
        one not in ("healthy", "done", "running") for states in parts.values() for one in states
    ):
        sys.exit("Not everything is well. `make logs` shows what the parts say.")


if __name__ == "__main__":
    main()
