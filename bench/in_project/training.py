"""Train a candidate on what is in storage, as often as asked, and print the seconds of each time.

The first time is not counted: it loads libraries.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from core.storage import bucket
from obstore.store import LocalStore
from processing.training import candidate
from processing.training.window import newest_window

window, seconds = newest_window(bucket("processed")), []
for _ in range(int(sys.argv[1]) + 1):
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        candidate.train(LocalStore(Path(folder)), window, ["A measurement."])
        seconds.append(round(time.perf_counter() - started, 2))
print(json.dumps({"seconds": seconds[1:]}))
