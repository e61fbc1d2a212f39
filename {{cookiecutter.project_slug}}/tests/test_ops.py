"""What `make` checks before it starts anything: settings, Docker, and ports."""

import io
import os
import shutil
import socket
import stat
import subprocess
import sys
import tarfile
from contextlib import nullcontext
from pathlib import Path

import pytest

from core import keys
from ops import (
    clear,
    compose,
    docker,
    dotenv,
    envfile,
    memory,
    modes,
    ownership,
    preflight,
    quiet,
    restore,
    settings,
    subnets,
)

SHELL = shutil.which("sh")

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
    return tmp_path


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
    assert dotenv.ENV.read_bytes().startswith(mine.encode())
    assert "# New in this version.\nNEW_PASSWORD=" in dotenv.ENV.read_text()
    assert dotenv.values()["NAME"] == "mine" and len(dotenv.values()["NEW_PASSWORD"]) == 32
    again = dotenv.ENV.read_text()
    dotenv.main()
    assert dotenv.ENV.read_text() == again


@pytest.mark.usefixtures("project")
def test_docker_sends_lines_to_the_log_store_while_that_is_on():
    dotenv.EXAMPLE.write_text(f"COMPOSE_PROFILES=dashboard,logs\nLOG_DRIVER=\n{EXAMPLE}")
    dotenv.main()
    for profiles, driver in (("dashboard,logs", "syslog"), ("dashboard", "local"), ("", "local")):
        dotenv.replace(
            dotenv.ENV, dotenv.with_values(dotenv.ENV.read_text(), {"COMPOSE_PROFILES": profiles})
        )
        dotenv.main()
        assert dotenv.values()["LOG_DRIVER"] == driver


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


# What is written, and what Compose makes of it (`template:tests/test_env.py` asks it).
FORMS = {
    "A=1": "1",
    "export A=1": "1",
    "A = 1": "1",
    "  A: 1  \t": "1",
    "A='x y' # c": "x y",
    "A=1 # c": "1",
    "A=1# c": "1# c",
    "A= # c": "# c",
    "A=": "",
    "A=1\nA=2": "2",
    "A=1\r\nB=2\r\n": "1",
    "\ufeffA=1": "1",
    "A=a$b": "a",
    "A=a$$b": "a$b",
    "A=a$1": "a$1",
    "A='a$b'": "a$b",
    'A="a\\$b"': "a$b",
    "B=2\nA=$B": "2",
    "A=${B:-d}": "d",
    "B=1\nA=${B:+d$B}": "d1",
    "A=${B:-${C:-deep}}x": "deepx",
    'A="two\nlines"': "two\nlines",
    'A="a\\nb\\"c"': 'a\nb"c',
    "A='it\\'s'": "it's",
    'A="x"# c\nB=2': "x",
    "#A=1\nA=2": "2",
    "A==1;B=2": "=1;B=2",
}


@pytest.mark.parametrize("text", FORMS)
def test_each_form_of_a_setting_is_read_as_compose_reads_it(text):
    read = {entry.name: entry.value for entry in envfile.parse(text)}
    assert read["A"] == FORMS[text]


@pytest.mark.parametrize("text", ['A="x', "A B=1", "A=${B", "A=${B?no}", "A='a' 'b'", "A+B=1"])
def test_what_compose_could_not_read_is_refused_with_the_line(text):
    with pytest.raises(SystemExit, match=r"\.env, line 2"):
        envfile.parse(f"# One.\n{text}")


@pytest.mark.parametrize(
    "text", ["A=a$b", 'A="a$HOME"', "A=${USER}x", "A=#1", 'A="x"y', "PASSWORD=a #b"]
)
def test_a_value_that_is_not_what_it_looks_like_is_named(text):
    (problem,) = envfile.surprises(envfile.parse(text))
    assert "single quotes" in problem


@pytest.mark.parametrize("text", ["B=1\nA=${B:+x$B}", "A='a$b' # c", "A=$$b", "PASSWORD='a #b'"])
def test_a_value_that_is_what_it_looks_like_is_fine(text):
    assert list(envfile.surprises(envfile.parse(text))) == []


@pytest.mark.parametrize("form", ["export NAME=mine", "NAME = mine", "NAME: 'mine'", "NAME="])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.usefixtures("project")
def test_a_default_is_never_added_to_what_the_owner_wrote(form, newline):
    mine = newline.join(["\ufeff# Mine: é", form, ""]).encode()
    dotenv.ENV.write_bytes(mine)
    dotenv.main()
    written = dotenv.ENV.read_bytes()
    assert written.startswith(mine) and written.count(b"NAME") == 1
    assert written.count(b"\n") == written.count(newline.encode())
    assert dotenv.values()["NAME"] in ("mine", "")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
@pytest.mark.usefixtures("project")
def test_an_env_that_is_not_utf_8_is_refused_and_stays_as_it_is(encoding):
    mine = "# Schlüssel\nNAME=mine\n".encode(encoding)
    dotenv.ENV.write_bytes(mine)
    with pytest.raises(SystemExit, match="UTF-8"):
        dotenv.main()
    assert dotenv.ENV.read_bytes() == mine


@pytest.mark.usefixtures("project")
def test_what_the_shell_overrules_is_told_and_may_not_open_the_platform(monkeypatch):
    dotenv.ENV.write_text("NAME=lake\nDOMAIN=\nPUBLIC_HTTP=${DOMAIN:+80:8080}\n")
    assert dotenv.from_the_shell() == [] and list(settings.file_problems()) == []
    monkeypatch.setenv("NAME", "other")
    assert dotenv.from_the_shell() == ["NAME"] and list(settings.file_problems()) == []
    monkeypatch.setenv("DOMAIN", "flights.example.org")
    (problem,) = settings.file_problems()
    assert "unset DOMAIN" in problem
    dotenv.ENV.write_text("DOMAIN=flights.example.org\n")
    assert list(settings.file_problems()) == []


def test_a_free_block_of_addresses_overlaps_none_that_is_used():
    used = [subnets.network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/17")]
    for _ in range(50):
        block = subnets.block(subnets.free(used))
        assert block.prefixlen == 24 and not any(block.overlaps(other) for other in used)
    assert subnets.free([subnets.network("0.0.0.0/0")]) == ""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes")
def test_containers_can_read_what_they_are_given_and_nothing_else_is_opened(tmp_path):
    for name in ("gateway/page/a.css", "data/rows.csv", ".env", "access/users", "run.sh"):
        tmp_path.joinpath(name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        tmp_path.joinpath(name).touch(0o700 if name.endswith(".sh") else 0o600)
    tmp_path.joinpath("gateway").chmod(0o700)
    assert len(modes.closed(tmp_path)) == 6
    modes.open_all(tmp_path)
    assert modes.closed(tmp_path) == []
    found = {
        path.relative_to(tmp_path).as_posix(): stat.S_IMODE(path.stat().st_mode) & 0o077
        for path in tmp_path.rglob("*")
    }
    assert found["gateway"] == found["run.sh"] == 0o055
    assert found["gateway/page/a.css"] == found["access/users"] == 0o044
    assert found[".env"] == found["data/rows.csv"] == 0


@pytest.mark.parametrize("path", ["/a:b/lake", "/a$b/lake", "/x/lake%20", "/x/sjö"])
def test_a_folder_that_docker_can_not_build_in_is_named(path):
    (problem,) = preflight.folder_problems(Path(path))
    assert path in problem and "Move this folder" in problem
    assert list(preflight.folder_problems(Path("/sjö/a b (c) [d] 'e'/lake"))) == []


@pytest.fixture
def named(project, monkeypatch):
    """A project whose name Docker knows: `named(folder, id)` says whose containers and data."""
    dotenv.ENV.write_text("COMPOSE_PROJECT_NAME=lake\nPROJECT_ID=ours\n")

    def problem(folder: str, owner: str) -> str:
        script = f"case $1 in ps) echo '{folder}';; volume) echo '{owner}';; esac"
        docker_that_says(project, monkeypatch, script)
        return ownership.problem()

    return problem


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for Docker is a shell script")
def test_the_containers_and_data_of_another_folder_are_left_alone(named, tmp_path):
    assert named("", "") == named(str(dotenv.PROJECT), "ours") == ""
    assert named("/moved/from/here", "ours") == ""
    assert "belong to the folder" in named(str(tmp_path), "ours")
    assert "another folder's project" in named("", "theirs")


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for Docker is a shell script")
def test_a_shell_that_points_elsewhere_is_named(named, tmp_path, monkeypatch):
    monkeypatch.setenv("COMPOSE_PROJECT_NAME", "other")
    assert "unset COMPOSE_PROJECT_NAME" in named(str(tmp_path), "ours")
    monkeypatch.setenv("COMPOSE_FILE", "/other/compose.yaml")
    assert "unset COMPOSE_FILE" in named("", "")


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for Docker is a shell script")
def test_no_command_acts_on_the_containers_of_another_folder(named, tmp_path):
    named(str(tmp_path), "theirs")
    ownership.require.cache_clear()
    for command in (lambda: compose.run("down"), lambda: compose.is_running("processing")):
        with pytest.raises(SystemExit, match="Write another COMPOSE_PROJECT_NAME"):
            command()


GOOD = {
    "ADMIN_PASSWORD": "p" * 1000,
    "NETWORK": "10.200.7",
    "READER_DATABASE_PASSWORD": "r" * 32,
    "GATEWAY_PORT": "8080",
    "LAB_PORT": "8081",
    "STORAGE_PORT": "9000",
    "DOMAIN": "flights.example.org",
    "CERTIFICATES": "acme",
    "ADMIN_USER": "admin",
}


def test_good_settings_are_no_problem():
    assert list(settings.setting_problems(GOOD)) == []


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
        ("ADMIN_PASSWORD", "p" * 1001),
        ("ADMIN_PASSWORD", "é" * 501),
        ("ADMIN_PASSWORD", ""),
        ("ADMIN_PASSWORD", "two\nlines"),
        ("READER_DATABASE_PASSWORD", "with@sign"),
        ("NETWORK", "10.200.7.0"),
        ("NETWORK", "8.8.8"),
        ("ALLOWED_ORIGINS", "https://shop.example/page"),
        ("ALLOWED_ORIGINS", "*"),
        ("IMAGE_REGISTRY", "registry.example.org"),
        ("DEBIAN_MIRROR", "debian.example.org"),
        ("DEBIAN_MIRROR", "http://debian.example.org/"),
        ("CERTIFICATE_AUTHORITY", "/etc/ssl/own.crt"),
        ("REPLICAS_MIN", "0"),
        ("REPLICAS_MIN", "3"),
        ("REPLICAS_MAX", "61"),
        ("REPLICAS_MAX", "all"),
        ("PROCESSING_MEMORY", "2 GB"),
        ("PROCESSING_CORES", "all"),
    ],
)
def test_a_setting_that_can_not_be_meant_is_named(name, value):
    (problem,) = settings.setting_problems(GOOD | {name: value})
    assert name in problem and "write " in problem


ALL_PARTS = {
    "COMPOSE_PROFILES": "autoscaler,backup,jupyterlab,dashboard,monitoring,logs",
    "REPLICAS_MIN": "2",
}
GB = 1e9


def test_memory_is_shared_out_so_that_all_limits_fit_beside_what_each_part_needs():
    limits = {size: memory.limits(ALL_PARTS, size * GB) for size in (2, 4, 8, 64)}
    for size, limit in limits.items():
        own = sum(int(text.removesuffix("m")) for text in limit.values())
        others = memory.needed(ALL_PARTS) - sum(
            parts.get(name, 0)
            for parts in memory.reservations(ALL_PARTS).values()
            for name in ("processing", "jupyterlab")
        )
        assert size < 4 or own + others < size * GB / memory.MB
    training = [int(limit["PROCESSING_MEMORY"].removesuffix("m")) for limit in limits.values()]
    assert training == sorted(training) and training[0] < 1000 < training[1] < training[3]
    assert "JUPYTERLAB_MEMORY" not in memory.limits({"COMPOSE_PROFILES": ""}, 4 * GB)
    assert "244 MB here" in memory.sums(ALL_PARTS, 256e6)


def test_a_machine_that_is_too_small_is_told_what_to_switch_off():
    assert memory.problem(ALL_PARTS, 4 * GB) == ""
    problem = memory.problem(ALL_PARTS, 2.4 * GB)
    assert "take jupyterlab" in problem and "COMPOSE_PROFILES" in problem
    fewest = {"COMPOSE_PROFILES": "", "REPLICAS_MIN": "1"}
    assert memory.problem(fewest, 1.97 * GB) == ""
    assert "without any of the optional parts" in memory.problem(ALL_PARTS, 1 * GB)


def docker_that_says(folder, monkeypatch, script: str) -> None:
    """Put a program named docker, and nothing else, on the PATH."""
    program = folder / "docker"
    program.write_text(f"#!{SHELL}\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.parametrize(
    ("server", "daemon", "problems"),
    [
        ("169.254.169.254", "{}", 1),
        ("169.254.169.254", '{"dns": ["8.8.8.8"]}', 0),
        ("192.0.2.53", "{}", 0),
    ],
)
def test_a_name_server_at_the_clouds_metadata_address_is_told(
    tmp_path, monkeypatch, server, daemon, problems
):
    (tmp_path / "resolv.conf").write_text(f"search example.org\nnameserver {server}\n")
    (tmp_path / "daemon.json").write_text(daemon)
    monkeypatch.setattr(preflight, "NAME_SERVERS", (tmp_path / "resolv.conf",))
    monkeypatch.setattr(preflight, "DAEMON", tmp_path / "daemon.json")
    assert len(list(preflight.name_server_problems())) == problems


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
    monkeypatch.setitem(docker.ask.__kwdefaults__, "patience", 0.2)
    assert not compose.is_running("processing")
    assert "has not answered" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="has not answered"):
        compose.require("storage", "Run `make up` first.")
    (problem,) = preflight.docker_problems()
    assert "has not answered" in problem


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for Docker is a shell script")
def test_a_part_that_does_not_run_is_named_with_what_to_do(tmp_path, monkeypatch):
    container = '{"Service": "storage", "State": "exited"}'
    docker_that_says(tmp_path, monkeypatch, f"case $1 in compose) echo '{container}';; esac")
    with pytest.raises(SystemExit, match="storage does not run. Run `make up` first."):
        compose.require("storage", "Run `make up` first.")


def test_a_taken_port_is_seen():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert not preflight.is_free("127.0.0.1", port)
    assert preflight.is_free("127.0.0.1", port)


@pytest.mark.parametrize(("typed", "left"), [("data", False), ("", True), ("yes", True)])
def test_the_data_of_a_laptop_are_deleted_only_for_their_name(tmp_path, monkeypatch, typed, left):
    tmp_path.joinpath("data/raw").mkdir(parents=True)
    monkeypatch.setattr(clear, "FOLDER", tmp_path / "data")
    monkeypatch.setattr("builtins.input", lambda _: typed)
    with pytest.raises(SystemExit, match="Nothing was deleted") if left else nullcontext():
        clear.main()
    assert tmp_path.joinpath("data").exists() == left


@pytest.mark.parametrize(("hours", "minutes"), [("2", 120), ("0.5", 30), ("0", 0), ("168", 10080)])
def test_alerts_are_kept_back_for_some_hours(hours, minutes):
    assert quiet.minutes(hours) == minutes


@pytest.mark.parametrize("hours", ["two", "-1", "169", "nan", ""])
def test_hours_that_are_none_are_refused_with_what_to_write(hours):
    with pytest.raises(SystemExit, match="no number from 0 to 168, a week. Run `make quiet"):
        quiet.minutes(hours)


@pytest.mark.parametrize(
    ("repository", "folder"),
    [("", ""), ("/mnt/backup", "/mnt/backup"), ("s3:https://s3.example.org/bucket", "")],
)
def test_a_backup_to_a_folder_is_mounted_and_one_to_elsewhere_is_not(repository, folder):
    text = f"BACKUP_REPOSITORY={repository}\nBACKUP_FOLDER=/old\n"
    assert dotenv.derived(text).endswith(f"BACKUP_FOLDER={folder}\n")


def test_a_backup_that_would_be_lost_with_the_platform_is_refused(tmp_path):
    (beside,) = settings.backup_problems(str(dotenv.PROJECT / "ops"))
    (absent,) = settings.backup_problems(str(tmp_path / "unmounted"))
    assert "another disk" in beside and "mount its disk" in absent
    assert [*settings.backup_problems(str(tmp_path))] == []


def test_a_restore_overwrites_no_platform_that_holds_data(monkeypatch):
    def volumes(*_words, **_how):
        return subprocess.CompletedProcess([], 0, stdout="lake_gateway\nlake_storage\n")

    monkeypatch.setattr(docker, "ask", volumes)
    with pytest.raises(SystemExit, match="Nothing was restored.*lake_storage"):
        restore.refuse_to_overwrite({"COMPOSE_PROJECT_NAME": "lake"})


def test_files_that_a_restore_replaces_are_kept(tmp_path):
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "mine.py").write_text("new")
    (folder / "same.py").write_text("same")
    with tarfile.open(tmp_path / "copy.tar", "w") as archive:
        for name, text in {"mine.py": b"old", "same.py": b"same", ".env": b"A=1"}.items():
            member = tarfile.TarInfo(f"/platform/project/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    with tarfile.open(tmp_path / "copy.tar") as archive:
        for member in archive:
            restore.bring_back(archive, member, folder)
    kept = {path.name: path.read_text() for path in (folder / "before-restore").iterdir()}
    assert (folder / "mine.py").read_text() == "old"
    assert kept == {"mine.py": "new"} and not (folder / ".env").exists()
