"""The images that are built here, and those of the release before, under the tag `previous`."""

import sys

from ops import compose, docker


def names() -> list[str]:
    """Return the name of each image that is built here."""
    settings = compose.config()
    built = {name: one for name, one in settings["services"].items() if "build" in one}
    return sorted(one.get("image", f"{settings['name']}-{name}") for name, one in built.items())


def ids(tag: str = "latest") -> dict[str, str]:
    """Return the id of each image that exists, by its name."""
    found = {
        name: docker.ask("image", "inspect", "--format", "{{.Id}}", f"{name}:{tag}")
        for name in names()
    }
    return {name: said.stdout.strip() for name, said in found.items() if said.returncode == 0}


def tag(images: dict[str, str], tag: str) -> None:
    """Give each of these ids, under its name, this tag."""
    for name, image in images.items():
        docker.ask("tag", image, f"{name}:{tag}").check_returncode()


def build() -> dict[str, str]:
    """Build all images. Return the ids that they had before, or nothing if none changed."""
    before = ids()
    if compose.attempt("build").returncode:
        sys.exit("An image could not be built, so nothing was changed; the reason is above.")
    return before if ids() != before else {}


def prune() -> None:
    """Delete this project's images that have no tag any more: those before the one before."""
    of_project = f"label=com.docker.compose.project={compose.config()['name']}"
    docker.ask("image", "prune", "--force", "--filter", of_project, patience=120)


def back() -> dict[str, str]:
    """Choose the images of the release before. Return the ids of those that they replace."""
    now, before = ids(), ids("previous")
    if not before or before == now:
        sys.exit("There is no release before this one. Each `make up` that changes one keeps it.")
    tag(before, "latest")
    return now
