"""Read what was made to be slow: `worst_input.py FOLDER` prints seconds and MB for each MB as JSON.

The rows of a clean file cost a hundredth of that; docs/limits.md states the most for any file.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
from processing.rows.reading import table

COLUMNS = {"id": pl.Int64, "town": pl.String, "cost": pl.Float64}
NAMES = b"id,town,cost\n"
MB = 1_000_000
INPUTS = {
    "each line opens a text": b'1,"a,3\n',
    "texts of three lines": b'1,"a""\n""b,2\n"",1\n',
    "too few fields": b"1,a\n",
    "blank lines": b"\n",
    "every field quoted": b'"1","a","3"\n',
    "clean lines": b"1,a,3\n",
}
"""What a file of two megabytes repeats."""


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def cost(local: Path, folder: Path) -> list[float]:
    """Return the core seconds of reading a file, for each MB, and the MB at its peak."""
    started = time.process_time()
    for batch in table(local, COLUMNS, folder).batches():
        assert batch.lines
    megabytes = local.stat().st_size / MB
    return [round((time.process_time() - started) / megabytes, 3), round(peak())]


folder = Path(sys.argv[1])
if len(sys.argv) == 2:  # each in a process of its own, or the peaks would add up
    words = [sys.executable, __file__, folder]
    costs = {name: json.loads(subprocess.check_output([*words, name])) for name in INPUTS}
    print(json.dumps(costs))
else:
    repeated, local = INPUTS[sys.argv[2]], folder / "worst"
    with local.open("wb") as file:
        file.write(NAMES)
        for _ in range(2):
            file.write(repeated * (MB // len(repeated)))
    print(json.dumps(cost(local, folder)))
