"""A year of full months, 36 million rows: `python -m bench scale_full`.

It takes minutes and 8 GB of disk.
"""

from bench.pipeline import ROWS, a_year, ready


def measure() -> dict:
    """Return the cost of twelve months of full size, and of learning from all of them."""
    with ready() as (project, folder):
        return a_year(project, folder, ROWS)
