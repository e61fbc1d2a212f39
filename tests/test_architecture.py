"""docs/architecture.md maps the project as it is: nothing is missing, and nothing on it is gone."""

import re
import runpy
import subprocess

import pytest
import yaml
from conftest import CACHES, ROOT, UNBAKED

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
CODE = set(re.findall(r"`([^`\n]+)`", PAGE))
LAYOUT = runpy.run_path(str(UNBAKED / "core" / "layout.py"))
COMPOSE = yaml.safe_load((UNBAKED / "compose.yaml").read_text(encoding="utf-8"))
SERVED_BY = {"gateway-metrics": "gateway", "dashboard-database": "database"}
"""The networks that are not named for the service that serves on them."""

OWNERS = ("data", "notebooks")
"""Made by `make local` and `make notebook` where the project lies; not in git."""

FILE = re.compile(r"(template:)?[\w./-]+\.(py|sql|sh|ya?ml|json|in|html|js|Caddyfile|example)")
FOLDER = re.compile(r"(template:)?\w[\w./-]*/")


def cells(section: str) -> list[list[str]]:
    """Return the rows of the table below a heading, without its header."""
    text = re.split(rf"^## {section}\n", PAGE, flags=re.MULTILINE)[1].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def folders() -> set[str]:
    """Return the folders of the project, two levels deep, that are kept in git."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=UNBAKED, capture_output=True, encoding="utf-8")
    if listed.returncode:  # not a clone
        files = [path.relative_to(UNBAKED) for path in UNBAKED.glob("*/**/*") if path.is_file()]
        parents = [file.parent for file in files if not CACHES & set(file.parts)]
    else:
        parents = [(UNBAKED / name).parent.relative_to(UNBAKED) for name in listed.stdout.split()]
    named = {part.as_posix() for folder in parents for part in (folder, *folder.parents)}
    return {name for name in named if name.count("/") < 2 and not name.startswith((".", *OWNERS))}


def allowed_calls(service: dict, name: str) -> set[str]:
    """Return what a service can reach: the servers of its networks, and outside if one is open."""
    joined = list(service.get("networks", []))
    servers = {SERVED_BY.get(network, network) for network in joined} & COMPOSE["services"].keys()
    is_open = any(not (COMPOSE["networks"][network] or {}).get("internal") for network in joined)
    return servers - {name} | ({"outside"} if is_open else set())


def test_each_folder_of_the_project_is_on_the_map():
    assert sorted(name for name in folders() if f"{name}/" not in CODE) == []


def test_each_service_is_on_the_map_with_what_it_may_call():
    written = {
        row[0].strip("`"): set(re.findall(r"`([\w-]+)`|\b(outside)\b", row[2]))
        for row in cells("Services")
    }
    calls = {name: {a or b for a, b in found} for name, found in written.items()}
    assert calls == {
        name: allowed_calls(service, name) for name, service in COMPOSE["services"].items()
    }


def test_each_place_in_storage_is_on_the_map_with_its_bucket_and_writer():
    written = {
        tuple(cell.strip("`") for cell in (row[0], row[1], row[3])) for row in cells("Storage")
    }
    folders = {(folder.bucket, str(folder), folder.writer) for folder in LAYOUT["FOLDERS"]}
    assert {row for row in written if row[1]} == folders
    assert {bucket for bucket, *_ in written} == LAYOUT["BUCKETS"].keys()


@pytest.mark.parametrize("kind", [FILE, FOLDER], ids=["file", "folder"])
def test_each_path_on_the_map_exists(kind):
    named = {code for code in CODE if kind.fullmatch(code)} - set(LAYOUT["FOLDERS"])
    assert named
    gone = [path for path in named if not exists(path)]
    assert gone == []


def exists(path: str) -> bool:
    """Return whether a path is there; the name of a file alone may be in any folder of the project."""
    if path.startswith("template:"):
        return (ROOT / path.removeprefix("template:")).exists()
    if "/" not in path:
        return any(UNBAKED.glob(f"*/{path}")) or (UNBAKED / path).exists()
    return (UNBAKED / path).exists() or (ROOT / path).exists()
