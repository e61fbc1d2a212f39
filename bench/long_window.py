"""Run in a project that holds a year: train on all of it, and say what it took."""

import json
import resource
import time

from core.storage import bucket
from model import estimator
from processing import window

estimator.WINDOW_DAYS = window.WINDOW_DAYS = (365,)

from processing import candidate  # noqa: E402  it takes WINDOW_DAYS when it is imported

started = time.perf_counter()
found = window.newest_window(bucket("processed"))
fitted = candidate.fit(found, 365)
rows = len(fitted.training)
print(
    json.dumps(
        {
            "seconds": round(time.perf_counter() - started),
            "rows_training": rows,
            "rows_sampled_from": round(rows / found.share),
            "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            "error": round(fitted.error, 3),
        }
    )
)
