"""Compare the errors of models of a sampled window and of all rows, on the same newer ones."""

import json
import math

from core.storage import bucket
from model import estimator
from processing.training import window
from processing.training.scores import errors, estimator_predictions

days, windows = max(estimator.WINDOW_DAYS), {}
for most in (estimator.MOST_TRAINING_ROWS, math.inf):
    window.MOST_TRAINING_ROWS = most
    windows[most] = window.newest_window(bucket("processed"))
sample, whole = (cut.training(days) for cut in windows.values())
newer = windows[math.inf].labelled.after(max(sample.times.max(), whole.times.max()))


def error(training: window.Rows) -> float:
    fitted = estimator.estimator().fit(training.features.to_pandas(), training.outcomes)
    return float(errors(newer.outcomes, estimator_predictions(fitted, newer.features)).mean())


print(
    json.dumps(
        {
            "rows": len(sample),
            "of_rows": len(whole),
            "error_ratio": round(error(sample) / error(whole), 4),
        }
    )
)
