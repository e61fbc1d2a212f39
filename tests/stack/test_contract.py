"""The API does what its description says, whatever schemathesis asks, with and without a key."""

import os
import sys
from pathlib import Path

import pytest
from running import run

EXAMPLES = 1000
"""In all; schemathesis counts those of each address."""

HERE = Path(__file__).parent
FORMATS = {"PYTHONPATH": str(HERE), "SCHEMATHESIS_HOOKS": "contract_formats"}


@pytest.mark.parametrize("with_key", [True, False], ids=["with a key", "without a key"])
def test_no_answer_is_an_error_of_the_server_or_missing_in_the_description(
    stack, api, tmp_path, with_key
):
    described = api.get("/v1/openapi.json").raise_for_status()
    description = tmp_path / "openapi.json"
    description.write_text(described.text)
    header = f"Authorization: Bearer {stack.settings['API_KEY']}"
    examples = EXAMPLES // len(described.json()["paths"])
    done = run(
        sys.executable,
        "-m",
        "schemathesis.cli",
        "run",
        str(description),
        f"--url={stack.url}",
        "--checks=all",
        f"--max-examples={examples}",
        *(["--header", header] if with_key else []),
        env=os.environ | FORMATS,
        cwd=tmp_path,
        timeout=1800,
    )
    assert done.returncode == 0, done.stdout[-5000:]
