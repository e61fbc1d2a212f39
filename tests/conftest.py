"""What the tests share: baking as a person does, at the prompt or with answers on the command line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
UNBAKED = ROOT / "{{cookiecutter.project_slug}}"
CACHES = {"__pycache__", ".pytest_cache", ".ruff_cache", ".ipynb_checkpoints"}
OFFLINE = """
import socket

def refuse(*_, **__):
    raise OSError("this test allows no network")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = socket.create_connection = refuse
"""


def leave_out(why: str):
    """Skip a test with a sentence that says what it needs; fail where nothing may be left out."""
    (pytest.fail if os.environ.get("REQUIRE_STACK") == "1" else pytest.skip)(why)


def cookiecutter(
    *words: str, typed: str | None = None, template: Path = ROOT, into: Path
) -> subprocess.CompletedProcess:
    """Run cookiecutter in a folder, without network; what is typed answers its questions line by line."""
    home = into.parent / f"home-of-{into.name}"
    home.mkdir(exist_ok=True)
    home.joinpath("sitecustomize.py").write_text(OFFLINE)
    into.mkdir(exist_ok=True)
    environment = os.environ | {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "PYTHONPATH": str(home),
        "PYTHONUTF8": "1",
    }
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "cookiecutter",
            str(template),
            *(() if typed is not None else ("--no-input",)),
            *words,
        ],
        cwd=into,
        env=environment,
        input=typed,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


def bake(into: Path, *words: str, **how) -> Path:
    """The one project that cookiecutter made there."""
    done = cookiecutter(*words, into=into, **how)
    assert done.returncode == 0, done.stdout
    (project,) = into.iterdir()
    return project


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its path, without what tools leave behind."""
    found = (
        path
        for path in folder.rglob("*")
        if path.is_file() and not CACHES & set(path.relative_to(folder).parts)
    )
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture(scope="session")
def project(tmp_path_factory) -> Path:
    """A project made with the default answers, which no test changes."""
    return bake(tmp_path_factory.mktemp("bake") / "here")
