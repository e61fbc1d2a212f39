"""What the estimator is shown: one function, used in training and in serving.

Change `features` for your own use case. It takes one NumPy array for each field of `Question` and returns
one for each feature, of the same length: float32 for numbers, object for texts. The same code turns millions
of rows into training data and a single question into an answer, so each row must be worked out on its own:
nothing is learned here and nothing remembered. What has to be learned from data (categories, means, scales)
belongs in the pipeline of estimator.py.
"""

import numpy as np

MINUTE = np.timedelta64(1, "m")


def features(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Turn questions into features. The flight number is left out: it only tells flights apart."""
    departure = columns["departure"]
    since_midnight = departure - departure.astype("datetime64[D]")
    return {
        "minute_of_day": (since_midnight / MINUTE).astype(np.float32),
        "distance": columns["distance"].astype(np.float32),
        "origin": columns["origin"],
        "dest": columns["dest"],
        "carrier": columns["carrier"],
    }
