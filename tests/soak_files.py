"""Random raw files, FILES of each kind: every row is used with its values, or refused.

`make soak` runs it; `make test` tries a tenth.
"""

from conftest import bake_with_environment, python_of, run_module


def test_every_row_of_random_files_is_used_with_its_values_or_refused(tmp_path, environment):
    project = bake_with_environment(tmp_path / "here", environment)
    print(run_module(python_of(project), "pytest", "-q", "tests/test_reading.py", folder=project))
