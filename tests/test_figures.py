"""Each figure on a board is the one that storage holds: figures.py, with a real database."""

import re
import shutil

import pytest
from conftest import ROOT, UNBAKED, bake_with_environment, python_of, run_module
from containers import started
from running import run, until

TAKES_LONG = True


ROLES = re.findall(r"\w+_DATABASE_PASSWORD", (UNBAKED / "database/setup.sh").read_text())
SETTINGS = dict.fromkeys(["POSTGRES_PASSWORD", "DATABASE_ROOT_PASSWORD", *ROLES], "a")
SETTINGS |= {"POSTGRES_USER": "root"}
SETUP = "export PGHOST=127.0.0.1 PGPASSWORD=a; sh /database/setup.sh"


@pytest.fixture(scope="module")
def database():
    """Start the platform's database with its roles and tables, and return its address."""
    words = [word for name, value in SETTINGS.items() for word in ("--env", f"{name}={value}")]
    words += ["--volume", f"{UNBAKED / 'database'}:/database:ro", "--tmpfs", "/var/lib/postgresql"]
    with started("database", 5432, *words) as (container, address):
        until(lambda: is_set_up(container), 60, "the database is set up")
        yield f"postgresql://writer:a@{address}/summaries"


def is_set_up(container: str) -> bool:
    done = run("docker", "exec", container, "sh", "-c", SETUP)
    assert done.returncode == 0, done.stdout
    return True


def test_what_boards_show_is_what_storage_holds(tmp_path, environment, database, monkeypatch):
    project = bake_with_environment(tmp_path / "here", environment)
    shutil.copy(ROOT / "tests" / "figures.py", project / "tests" / "test_figures.py")
    monkeypatch.setenv("SUMMARIES_URL", database)
    tests = run_module(python_of(project), "pytest", "-q", "tests/test_figures.py", folder=project)
    assert " passed" in tests
