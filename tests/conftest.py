"""Shared by the tests: projects, made as a person does, and a line about what was left out."""

import os
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
UNBAKED = ROOT / "{{cookiecutter.project_slug}}"
CACHES = {"__pycache__", ".hypothesis", ".pytest_cache", ".ruff_cache", ".ipynb_checkpoints"}
LEFT_BY_USE = runpy.run_path(str(ROOT / "hooks" / "post_gen_project.py"), run_name="hook")["USED"]
OFFLINE = """
import socket

def refuse(*_, **__):
    raise OSError("this test allows no network")

socket.socket.connect = socket.socket.connect_ex = refuse
socket.getaddrinfo = socket.create_connection = refuse
"""


def git(folder: Path, *words: str) -> str:
    """Run git as somebody, and return what it prints."""
    someone = ("-c", "user.name=Owner", "-c", "user.email=owner@example.org")
    done = subprocess.run(["git", *someone, *words], cwd=folder, capture_output=True, check=True)
    return done.stdout.decode()


def leave_out(why: str):
    """Skip a test with a sentence that says what it needs; fail where nothing may be left out."""
    (pytest.fail if os.environ.get("REQUIRE_STACK") == "1" else pytest.skip)(why)


def pytest_collection_modifyitems(items):
    """Begin with the tests that take longest, so that no worker is left alone with them."""
    items.sort(key=lambda item: not getattr(item.module, "TAKES_LONG", False))


def pytest_terminal_summary(terminalreporter):
    """Say at the end, in one line for each reason, what was left out."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    for reason, tests in reasons.items():
        terminalreporter.write_line(
            f"LEFT OUT, {tests} test{'s' * (tests > 1)}: {reason}", yellow=True, bold=True
        )


@cache
def unused_template() -> Path:
    """Return a copy of the template without what using it where it lies has left there.

    Cookiecutter would copy an environment of a gigabyte for each project, only to delete it.
    """

    def left_by_use(folder: str, names: list[str]) -> set[str]:
        below = Path(folder).relative_to(UNBAKED)
        return {name for name in names if (below / name).as_posix() in LEFT_BY_USE} | CACHES

    unused_template.folder = tempfile.TemporaryDirectory()
    copy = Path(unused_template.folder.name)
    shutil.copy(ROOT / "cookiecutter.json", copy)
    shutil.copytree(ROOT / "hooks", copy / "hooks")
    shutil.copytree(UNBAKED, copy / UNBAKED.name, ignore=left_by_use)
    return copy


def cookiecutter(
    *words: str, typed: str | None = None, template: Path | None = None, into: Path
) -> subprocess.CompletedProcess:
    """Run cookiecutter in a folder, without network; each line typed answers a question."""
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
            str(template or unused_template()),
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
    """Make a project in a folder and return where it is."""
    done = cookiecutter(*words, into=into, **how)
    assert done.returncode == 0, done.stdout
    (project,) = into.iterdir()
    return project


def bake_with_environment(into: Path, environment: Path) -> Path:
    """Make a project that shares its `.venv`, because all projects lock the same packages."""
    project = bake(into)
    if os.name == "nt":  # where not everybody may make links
        run_module(sys.executable, "ops.virtualenv", folder=project)
    else:
        (project / ".venv").symlink_to(environment, target_is_directory=True)
    # Otherwise `make local` of two workers finds the same port free, and one of them is too late.
    edit(project / "ops" / "local.py", "for port in (8000, 0):", "for port in (0,):")
    return project


def edit(file: Path, old: str, new: str) -> None:
    """Replace a text that stands once in a file, as an owner would."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file}: {old}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def python_of(project: Path) -> Path:
    """Return the Python of a project's own environment."""
    return project / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def run_module(python: Path | str, *words: str, folder: Path) -> str:
    """Run `python -m` in a folder and return its output; a test fails with it unless it ends well.

    Bytecode is kept, or each process would compile its libraries anew, but not in the template.
    """
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1" if folder == UNBAKED else ""}
    done = subprocess.run(
        [python, "-m", *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def files(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder by its path, without what tools leave behind."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not CACHES & set(path.relative_to(folder).parts)
    }


@pytest.fixture(scope="session")
def project(tmp_path_factory) -> Path:
    """Return a project made with the default answers, which no test changes."""
    return bake(tmp_path_factory.mktemp("bake") / "here")


@pytest.fixture(scope="session")
def environment(tmp_path_factory) -> Path:
    """Return an environment, which the first test that asks for it makes for all workers."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    project = shared / "environment" / "my-model"
    with one_at_a_time(shared / "environment-lock"):
        if not project.exists():
            bake(shared / "environment", "project_slug=my-model")
        run_module(sys.executable, "ops.virtualenv", folder=project)
    return project / ".venv"


@contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Wait until no other worker is in here."""
    while True:
        try:
            lock.mkdir()
            break
        except FileExistsError:
            time.sleep(0.2)
    try:
        yield
    finally:
        lock.rmdir()
