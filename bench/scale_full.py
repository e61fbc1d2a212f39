"""A year of full months, 36 million rows: `python -m bench scale_full`. It takes minutes and 8 GB of disk."""

from bench.pipeline import ROWS, a_year, ready


def measure() -> dict:
    """Twelve months of full size: does one cost more than another, and can all of them be learned from?"""
    with ready() as (project, folder):
        return a_year(project, folder, ROWS)
