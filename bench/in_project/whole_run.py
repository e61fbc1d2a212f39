"""Run every step of the pipeline, on a new file if one is named, and print what it took."""

import json
import resource
import sys
import time
from pathlib import Path

from core.storage import bucket
from processing.run import run

for raw in map(Path, sys.argv[1:]):
    bucket("raw").put(raw.name, raw)
started = time.perf_counter()
run()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": round(time.perf_counter() - started), "peak_mb": round(peak)}))
