"""JupyterLab: its first notebook runs, and what people keep survives."""

import json

import httpx
import pytest


@pytest.mark.usefixtures("card")
def test_the_first_notebook_runs_in_the_platform_and_asks_the_champion(stack):
    command = (
        "exec",
        "-T",
        "jupyterlab",
        "jupyter",
        "execute",
        "--output=/tmp/ran.ipynb",
        "/notebooks/first-look.ipynb",
    )
    stack.compose(*command)
    notebook = json.loads(stack.compose("exec", "-T", "jupyterlab", "cat", "/tmp/ran.ipynb").stdout)
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs), "it draws nothing"
    assert "minutes" in "".join("".join(output.get("text", "")) for output in outputs)
    clients = "SELECT 1"
    assert stack.sql(clients)
    kept = stack.inside(
        "jupyterlab", "from core.storage import bucket, names; print(*names(bucket('notebooks')))"
    )
    assert kept.split()


def test_what_is_deleted_is_gone_and_git_is_there(stack):
    with httpx.Client(base_url=stack.lab_url, auth=stack.owner, timeout=60) as lab:
        lab.put("/api/contents/gone", json={"type": "directory"}).raise_for_status()
        inside = {"type": "file", "format": "text", "content": "x"}
        lab.put("/api/contents/gone/file.txt", json=inside).raise_for_status()
        assert lab.delete("/api/contents/gone").status_code == 204
    trash = "import pathlib; print(pathlib.Path.home().joinpath('.local/share/Trash').exists())"
    assert stack.inside("jupyterlab", trash).strip() == "False"
    assert stack.compose("exec", "-T", "jupyterlab", "git", "--version").stdout.startswith("git ")


def test_what_people_make_survives_down_and_up(stack):
    stack.compose("exec", "-T", "jupyterlab", "sh", "-c", "echo mine > /notebooks/mine.txt")
    assert stack.make("down").returncode == 0
    stack.compose("up", "--detach", "--wait", "--wait-timeout", "180")
    assert (
        stack.compose("exec", "-T", "jupyterlab", "cat", "/notebooks/mine.txt").stdout.strip()
        == "mine"
    )
    with stack.api() as api:
        assert api.get("/v1/model").status_code == 200
