"""JupyterLab: its first notebook runs, and what people keep survives."""

import json

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
