"""The project's reader of .env, compared with Docker Compose. Needs its command, but no Engine."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys

import pytest
from conftest import UNBAKED, leave_out

SPEC = importlib.util.spec_from_file_location("envfile", UNBAKED / "ops" / "envfile.py")
envfile = sys.modules["envfile"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(envfile)

NAMES = ("A", "B")
FORMS = [
    *("A=1", "export A=1", "export\tA=1", "exportA=1", "A = 1", "  A=1", "A: 1", "A==1", "a=1"),
    *("A=", "A", "A\nB=2", "#A=1", "A=1\nA=2", "A=1\nA\nB=2", "A=1\nexport A", "=1", "export"),
    *("A='x y'", 'A="x y" # c', "A=1 # c", "A=1# c", "A=1\t# c", "A= # c", "A=#c", "A=1 #"),
    *("A=1\r\nB=2\r\n", "\ufeffA=1", "A=1  \t ", "A=\u00a0x", "A=1\rB=2", "A=x \\# y", "A=1;B=2"),
    *("A=a$b", "A=a$$b", "A=$$$$b", "A=a$1", "A=a$", "A=$ä", "A='a$b'", 'A="a$b"', "A=a\\$b"),
    *('A="a\\$b"', "A=$$${B}", "A=$B-y", "A=$B$C.d", "B=1\nA=x$B-y", "A=${B}x\nB=2", "A=$HOME"),
    *("A=${B:-d}", "B=\nA=${B:-d}${B-e}", "A=${B:+d}", "B=1\nA=${B:+d$B}", "B=1\nA=${B:+}"),
    *("A=${B?no}", "A=${B:?no}", "B=5\nA=${B:?no}", "A=${B:-${C:-deep}}", "A=${B:-}}x", "A=${B"),
    *("A=${B:-a:-b}", "A=${B-a?b}", "A=${B:-it?}", "A=${C:-a b # c}", "A=${}", "A=${1}"),
    *('A="two\nlines"', "A='two\r\nlines'\r\nB=1\r\n", 'A="a\\nb\\tc\\"d"', 'A="\\x"', "A=\\n"),
    *("A='it\\'s'", 'A="x"y', 'A="x" y\nB=2', 'A="x" B=2', 'A="x"# c\nB=2', 'A="x', "A=x'y\"z"),
    *('A=""', "A=''\nB=2", "A='x'\nB='y'", "A='a' 'b'\nB=2", "A='C:\\new'", 'A="C:\\new"'),
    *("A-B=1\nB=2", "A.B=1\nB=2", "A[0]=1\nB=2", "1A=1\nB=2", "A B=1", "A+B=1", "Ä=1\nB=2"),
]
"""One of each kind in which people write a setting, and some in which they should not."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A compose file that hands on what .env sets."""
    if shutil.which("docker") is None:
        leave_out(
            "Docker Compose is not installed, so the reader of .env was compared with nothing."
        )
    variables = "".join(f"      {name}: ${{{name}-unset}}\n" for name in NAMES)
    path = tmp_path_factory.mktemp("env")
    path.joinpath("compose.yaml").write_text(
        f"name: x\nservices:\n  x:\n    image: x\n    environment:\n{variables}"
    )
    return path


@pytest.mark.parametrize(
    ("forms", "shell"),
    [(FORMS, {}), ([text for text in FORMS if "B" in text], {"B": "shell"})],
    ids=["alone", "with a shell's own"],
)
def test_every_form_of_a_setting_means_what_compose_makes_of_it(folder, forms, shell):
    shell = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | shell
    differing = {
        text: (ours, compose)
        for text in forms
        if (ours := read(text, shell)) != (compose := read_by_compose(folder, text, shell))
    }
    assert differing == {}


def read(text: str, shell: dict[str, str]) -> dict[str, str] | str:
    """What the project reads; the shell wins, as it does in its commands."""
    try:
        found = {entry.name: entry.value for entry in envfile.parse(text, shell)}
    except SystemExit:
        return "refused"
    found |= {name: shell[name] for name in NAMES if name in shell}
    return {name: found[name] for name in NAMES if name in found}


def read_by_compose(folder, text: str, shell: dict[str, str]) -> dict[str, str] | str:
    """What Compose hands on to a service."""
    (folder / ".env").write_bytes(text.encode())
    done = subprocess.run(
        ["docker", "compose", "config", "--format", "json"],
        cwd=folder,
        env=shell,
        capture_output=True,
        encoding="utf-8",
    )
    if done.returncode:
        return "refused"
    found = json.loads(done.stdout)["services"]["x"]["environment"]
    return {name: value.replace("$$", "$") for name, value in found.items() if value != "unset"}
