"""Whose containers and volumes a project's name means: this folder's, or another one's."""

import os
from functools import cache
from pathlib import Path

from ops import docker, dotenv
from ops.docker import PROJECT

PROJECT_LABEL = "com.docker.compose.project"
FOLDER_LABEL = "com.docker.compose.project.working_dir"
ID_LABEL = "slipway.project"
"""A volume has it from compose.yaml; it keeps it when the folder is moved."""

ELSEWHERE = ("COMPOSE_FILE", "COMPOSE_ENV_FILES", "COMPOSE_DISABLE_ENV_FILE")
"""With these in the shell, Compose reads another folder's files."""


class NotOurs(SystemExit):
    """The name is another folder's; the text says which and what to do."""


@cache
def require() -> None:
    """End with a sentence if this project's name means another folder's containers or data."""
    if reason := problem():
        raise NotOurs(reason)


def problem() -> str:
    """Return the sentence that says whose the name is, or nothing if it is this folder's."""
    if elsewhere := [name for name in ELSEWHERE if os.environ.get(name)]:
        return (
            f"This shell sets {elsewhere[0]}, so Docker would read other files than this folder's. "
            f"Run `unset {elsewhere[0]}`."
        )
    settings = dotenv.values()
    name = settings.get("COMPOSE_PROJECT_NAME", "")
    if not name:
        return ""
    for folder in labels("ps", "--all", name=name, label=FOLDER_LABEL):
        if Path(folder).is_dir() and not os.path.samefile(folder, PROJECT):
            return (
                f"The containers named {name} belong to the folder {folder}. "
                f"{another_name()} "
                "If this folder is a copy that replaces it, run `make down` there first."
            )
    if labels("volume", "ls", name=name, label=ID_LABEL) - {settings.get("PROJECT_ID", "")}:
        return (
            f"The volumes named {name} hold the data of another folder's project. "
            f"{another_name()} "
            "To use those data here, take that folder's .env."
        )
    return ""


def another_name() -> str:
    """Return the sentence that says how to give this project a name of its own."""
    if "COMPOSE_PROJECT_NAME" in dotenv.from_the_shell():
        return "The name comes from this shell: run `unset COMPOSE_PROJECT_NAME`."
    return "Write another COMPOSE_PROJECT_NAME in this folder's .env."


def labels(*listing: str, name: str, label: str) -> set[str]:
    """Return the values of a label on what `docker …` lists for the project of this name."""
    only = f"label={PROJECT_LABEL}={name}"
    template = f'{{{{.Label "{label}"}}}}'
    answer = docker.ask(*listing, "--filter", only, "--format", template)
    return set(answer.stdout.splitlines()) - {""}
