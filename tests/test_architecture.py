"""docs/architecture.md maps the project as it is: nothing is missing, and nothing on it is gone."""

import re
import runpy

import pytest
import yaml
from conftest import CACHES, ROOT, UNBAKED

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
CODE = set(re.findall(r"`([^`\n]+)`", PAGE))
LAYOUT = runpy.run_path(str(UNBAKED / "core" / "layout.py"))
COMPOSE = yaml.safe_load((UNBAKED / "compose.yaml").read_text(encoding="utf-8"))
SERVED_BY = {"gateway-metrics": "gateway", "dashboard-database": "database"}
"""The networks that are not named for the service that serves on them."""

LEFT_BEHIND = {"data", "notebooks"}
"""By `make local` and `make notebook`, where the project lies."""

FILE = re.compile(r"(template:)?[\w./-]+\.(py|sql|sh|ya?ml|json|in|html|js|Caddyfile|example)")
FOLDER = re.compile(r"(template:)?\w[\w./-]*/")


def cells(section: str) -> list[list[str]]:
    """Return the rows of the table below a heading, without its header."""
    text = re.split(rf"^## {section}\n", PAGE, flags=re.MULTILINE)[1].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def folders() -> set[str]:
    """Return the folders of the project, two levels deep, but not the hidden ones."""
    paths = [path for depth in ("*", "*/*") for path in UNBAKED.glob(depth) if path.is_dir()]
    names = [path.relative_to(UNBAKED) for path in paths if path.name not in CACHES]
    tops = {name.parts[0] for name in names if not name.parts[0].startswith(".")} - LEFT_BEHIND
    return {name.as_posix() for name in names if name.parts[0] in tops}


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
    calls = {name: {a or b for a, b in pairs} for name, pairs in written.items()}
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
    """Return whether a path is there; a file's name alone may be in any folder of the project."""
    if path.startswith("template:"):
        return (ROOT / path.removeprefix("template:")).exists()
    if "/" not in path:
        return any(UNBAKED.glob(f"*/{path}")) or (UNBAKED / path).exists()
    return (UNBAKED / path).exists() or (ROOT / path).exists()
