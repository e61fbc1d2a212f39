"""Measure what reading costs where a file was made to be slow."""

from bench.pipeline import ready, run


def measure() -> dict:
    """Return for each kind of file the core seconds a megabyte, and the peak of memory in MB."""
    with ready() as (project, folder):
        costs = run(project, folder, "worst_input.py", folder)
    return {name: {"seconds_a_mb": cost[0], "peak_mb": cost[1]} for name, cost in costs.items()}
