"""Train on all of a year, from the window to the card, in what a VM of 8 GB leaves."""

import json
import resource
import time

resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30,) * 2)  # before any library takes its share

from core import registry  # noqa: E402
from core.storage import bucket  # noqa: E402
from model import estimator  # noqa: E402
from processing.training import window  # noqa: E402

estimator.WINDOW_DAYS = window.WINDOW_DAYS = (365,)

from processing.training import candidate  # noqa: E402  it takes WINDOW_DAYS when it is imported

started = time.perf_counter()
models = bucket("models")
version = candidate.train(models, window.newest_window(bucket("processed")), ["measured"])
card = registry.card(models, version)
print(
    json.dumps(
        {
            "seconds": round(time.perf_counter() - started),
            "rows_training": card["rows"]["training"],
            "rows_sampled_from": card["rows"]["sampled_from"],
            "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            "error": round(card["metrics"][candidate.METRIC], 3),
        }
    )
)
