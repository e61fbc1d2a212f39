"""Measure what history costs: a look for work, a run for one small file, and a month of hours."""

from bench.pipeline import ready, run

FEW, MANY = (100, 3), (10_000, 100)
"""Raw files, and the months that they are spread over."""


def measure() -> dict:
    """Return the figures of few files and of many, and how they compare."""
    with ready() as (project, folder):
        hourly = run(project, folder / "hourly", "hourly.py")
        few = run(project, folder / "few", "looks.py", *FEW)
        many = run(project, folder / "many", "looks.py", *MANY)
    per_thousand = (many["look_ms"] - few["look_ms"]) * 1000 / (MANY[0] - FEW[0])
    return {
        **hourly,
        "last_to_first": round(hourly["last_hundred_ms"] / hourly["first_hundred_ms"], 2),
        **{f"few_{name}": value for name, value in few.items()},
        **{f"many_{name}": value for name, value in many.items()},
        "look_ms_more_per_thousand_files": round(per_thousand, 1),
        "run_many_to_few": round(many["run_seconds"] / few["run_seconds"], 2),
    }
