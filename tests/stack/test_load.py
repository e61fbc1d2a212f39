"""`make load` says in one sentence how much a machine holds."""

import os
import shutil
import sys

import pytest
from conftest import leave_out
from running import run


@pytest.fixture(scope="module")
def path(stack, tmp_path_factory) -> str:
    """Return a PATH with Vegeta on it, which is built from its module where it is not installed."""
    if shutil.which("vegeta"):
        return os.environ["PATH"]
    go = shutil.which("go", path=f"{os.environ['PATH']}{os.pathsep}/usr/local/go/bin")
    if not go:
        leave_out("There is neither Vegeta nor Go, so `make load` was not tried.")
    folder = tmp_path_factory.mktemp("vegeta")
    code = "from ops import vegeta; print(vegeta.MODULE)"
    module = run(sys.executable, "-c", code, cwd=stack.project).stdout.strip()
    environment = os.environ | {"GOBIN": str(folder), "CGO_ENABLED": "0"}
    done = run(go, "install", module, env=environment)
    assert done.returncode == 0, done.stdout
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def test_what_this_machine_holds_is_one_sentence_a_table_and_a_picture(stack, path):
    (stack.project / "data" / "load.svg").unlink(missing_ok=True)
    done = stack.make("load", "RPS=20", "SECONDS=5", env=os.environ | {"PATH": path})
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    assert "requests        100" in lines and "failed          0" in lines
    assert any(line.startswith("This machine holds 20 requests a second: 95 %") for line in lines)
    assert (stack.project / "data" / "load.svg").read_text().count("<circle") == 100
