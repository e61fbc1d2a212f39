"""The loop on generated streams whose truth is known: as good as the best that a person would do.

`make soak` takes three streams of each kind and writes the page of a project that shows them.
"""

import json
import os
from pathlib import Path

from conftest import UNBAKED, bake_with_environment, python_of, run_module

TAKES_LONG = True

SEEDS = os.environ.get("SEEDS", "1")
PAGE = UNBAKED / "docs" / "keeping-up.md"


def test_on_no_stream_a_person_would_have_done_much_better(tmp_path, environment, monkeypatch):
    project = bake_with_environment(tmp_path / "here", environment)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(project), str(Path(__file__).parent)]))
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    words = ["streams", SEEDS, *([str(PAGE)] if "SEEDS" in os.environ else [])]
    lines = run_module(python_of(project), *words, folder=project).splitlines()
    results = [json.loads(line) for line in lines]
    assert len({result["kind"] for result in results}) >= 8
    for result in results:
        print(json.dumps(result))
        assert result["to_best"] <= 0.03, result
        assert result["to_frozen"] <= 0.05, result
        assert result["regret"] <= 0.10, result
        assert result["warned"] == (result["kind"] == "one class late"), result
