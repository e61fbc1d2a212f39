"""What `make` checks before it starts anything: settings, Docker, and ports."""

import os
import shutil
import socket
import stat
import sys

import pytest

from core import keys
from ops import compose, dotenv, preflight

EXAMPLE = """\
# The name.
NAME=lake

# ---- Secrets ----

# Opens the lake.
LAKE_PASSWORD=
API_KEY=
JUPYTERLAB_API_KEY=
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Make an empty project with an .env.example of its own."""
    (tmp_path / "access").mkdir()
    places = {
        "ENV": ".env",
        "EXAMPLE": ".env.example",
        "USERS": "access/users",
        "API_KEYS": "access/api-keys.json",
    }
    for name, path in places.items():
        monkeypatch.setattr(dotenv, name, tmp_path / path)
    dotenv.EXAMPLE.write_text(EXAMPLE)


@pytest.mark.usefixtures("project")
def test_a_new_env_has_fresh_secrets_and_is_for_its_owner_only():
    dotenv.main()
    first = dotenv.values()
    assert (
        first["NAME"] == "lake"
        and len(first["LAKE_PASSWORD"]) == 32
        and keys.is_well_formed(first["API_KEY"])
    )
    assert os.name == "nt" or stat.S_IMODE(dotenv.ENV.stat().st_mode) == 0o600
    dotenv.ENV.unlink()
    dotenv.main()
    assert not set(first.values()) & set(dotenv.values().values()) - {"lake"}


@pytest.mark.usefixtures("project")
def test_what_is_in_env_is_never_changed_and_what_is_missing_is_added_with_its_comment():
    dotenv.main()
    mine = dotenv.ENV.read_text().replace("NAME=lake", "NAME=mine   # of old") + "EXTRA=1\n"
    dotenv.ENV.write_text(mine)
    dotenv.EXAMPLE.write_text(EXAMPLE + "\n# New in this version.\nNEW_PASSWORD=\n")
    dotenv.main()
    assert dotenv.ENV.read_text().startswith(mine)
    assert "# New in this version.\nNEW_PASSWORD=" in dotenv.ENV.read_text()
    assert dotenv.values()["NAME"] == "mine" and len(dotenv.values()["NEW_PASSWORD"]) == 32
    again = dotenv.ENV.read_text()
    dotenv.main()
    assert dotenv.ENV.read_text() == again


@pytest.mark.usefixtures("project")
def test_the_keys_in_env_open_the_api_and_a_new_one_takes_the_place_of_the_old():
    dotenv.main()
    old = dotenv.values()["API_KEY"]
    dotenv.empty("API_KEY")
    dotenv.main()
    hashes = {key.name: key.hash for key in keys.load(dotenv.API_KEYS)}
    assert hashes.keys() == {"owner", "jupyterlab"}
    assert hashes["owner"] == keys.hash_key(dotenv.values()["API_KEY"]) != keys.hash_key(old)


@pytest.mark.usefixtures("project")
def test_half_a_key_is_refused_with_what_to_do():
    dotenv.main()
    dotenv.ENV.write_text(dotenv.ENV.read_text().replace("\nAPI_KEY=slipway_", "\nAPI_KEY="))
    with pytest.raises(SystemExit, match="Empty its line in .env and run `make env`"):
        dotenv.main()


GOOD = {
    "GATEWAY_PORT": "8080",
    "LAB_PORT": "8081",
    "STORAGE_PORT": "9000",
    "DOMAIN": "flights.example.org",
    "CERTIFICATES": "acme",
    "ADMIN_USER": "admin",
}


def test_good_settings_are_no_problem():
    assert list(preflight.setting_problems(GOOD)) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GATEWAY_PORT", ""),
        ("GATEWAY_PORT", "web"),
        ("LAB_PORT", "70000"),
        ("STORAGE_PORT", "8080"),
        ("DOMAIN", "https://flights.example.org"),
        ("DOMAIN", "localhost"),
        ("CERTIFICATES", "none"),
        ("ADMIN_USER", ""),
        ("ADMIN_USER", "two words"),
    ],
)
def test_a_setting_that_can_not_be_meant_is_named(name, value):
    (problem,) = preflight.setting_problems(GOOD | {name: value})
    assert name in problem and "write " in problem


def docker_that_says(folder, monkeypatch, script: str) -> None:
    """Put a program named docker, and nothing else, on the PATH."""
    program = folder / "docker"
    program.write_text(f"#!{shutil.which('sh')}\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_no_docker_is_answered_with_where_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    (problem,) = preflight.docker_problems()
    assert "not installed" in problem and "make local" in problem


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for Docker is a shell script")
@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("case $1 in version) echo 24.0.9;; *) echo 2.40.0;; esac", ["Engine is 24.0.9"]),
        (
            "case $1 in version) echo 29.1.0;; *) echo v2.23.3-desktop.1;; esac",
            ["Compose is v2.23.3"],
        ),
        ("case $1 in version) echo 29.1.0;; *) exit 1;; esac", ["Compose is not installed"]),
        (
            "case $1 in version) echo no daemon >&2; exit 1;; *) echo 5.0.0;; esac",
            ["does not answer: no daemon"],
        ),
        ("echo 25.0.0", []),
    ],
)
def test_a_docker_that_would_not_do_is_named_with_what_to_do(
    tmp_path, monkeypatch, script, expected
):
    docker_that_says(tmp_path, monkeypatch, script)
    problems = list(preflight.docker_problems())
    assert len(problems) == len(expected) and all(
        part in problem for part, problem in zip(expected, problems, strict=True)
    )


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for Docker is a shell script")
def test_a_docker_that_never_answers_is_gone_without_or_named(tmp_path, monkeypatch, capsys):
    docker_that_says(tmp_path, monkeypatch, f"exec {shutil.which('sleep')} 600")
    monkeypatch.setattr(compose, "PATIENCE", 0.2)
    assert not compose.is_running("processing")
    assert "has not answered" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="has not answered"):
        compose.require("storage", "Run `make up` first.")
    (problem,) = preflight.docker_problems()
    assert "has not answered" in problem


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for Docker is a shell script")
def test_a_part_that_does_not_run_is_named_with_what_to_do(tmp_path, monkeypatch):
    container = '{"Service": "storage", "State": "exited"}'
    docker_that_says(tmp_path, monkeypatch, f"echo '{container}'")
    with pytest.raises(SystemExit, match="storage does not run. Run `make up` first."):
        compose.require("storage", "Run `make up` first.")


def test_a_taken_port_is_seen():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert not preflight.is_free("127.0.0.1", port)
    assert preflight.is_free("127.0.0.1", port)
