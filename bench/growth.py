"""Measure what history costs: a look for work, a run for one small file, and a month of hours."""

from bench.pipeline import named, ready, run

FEW, MANY = (100, 3), (10_000, 100)
"""Raw files, and the months that they are spread over."""

YEAR = (720, 1, 6 * 720, 6, 12 * 720, 12)
"""A file an hour after a month, half a year, and a year."""


def measure() -> dict:
    """Return the figures of few files and of many, how they compare, and those of a year."""
    with ready() as (project, folder):
        hourly = run(project, folder / "hourly", "hourly.py")
        (few,) = run(project, folder / "few", "looks.py", *FEW)
        (many,) = run(project, folder / "many", "looks.py", *MANY)
        year = run(project, folder / "year", "looks.py", *YEAR)
    per_thousand = (many["look_ms"] - few["look_ms"]) * 1000 / (MANY[0] - FEW[0])
    return {
        **hourly,
        "last_to_first": round(hourly["last_hundred_ms"] / hourly["first_hundred_ms"], 2),
        **named("few", few),
        **named("many", many),
        "look_ms_more_per_thousand_files": round(per_thousand, 1),
        "run_many_to_few": round(many["run_seconds"] / few["run_seconds"], 2),
        **{
            name: value
            for figures in year
            for name, value in named(f"month_{figures['months']}", figures).items()
        },
    }
