"""A year of full months, 36 million rows: `python -m bench scale_full`. It takes half an hour and 4 GB of disk."""

from bench.pipeline import ROWS, measured


def measure() -> dict:
    """As `pipeline`, with months of full size."""
    return measured(ROWS)
