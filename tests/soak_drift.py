"""False alarms of drift, on STREAMS made-up streams of each kind in which nothing changes.

`make soak` runs it; `make test` tries a few.
"""

from conftest import bake_with_environment, python_of, run_module


def test_as_many_measurements_alarm_without_drift_as_is_said(tmp_path, environment):
    project = bake_with_environment(tmp_path / "here", environment)
    print(run_module(python_of(project), "pytest", "-q", "tests/test_drift.py", folder=project))
