"""Compute the features: one function, used in training and in serving.

Edit `features`. It takes one NumPy array for each field of `Question` and returns one for each
feature, of the same length: float32 for numbers, object for text. If all fields are numbers, the
shortest version is

    return {name: values.astype(np.float32) for name, values in columns.items()}

The same function computes features for millions of training rows and for a single question, so each
row must be computed independently, without fitting or remembering anything. Whatever has to be
fitted to data (categories, means, scales) belongs in the pipeline of estimator.py.
"""

import numpy as np

MINUTE = np.timedelta64(1, "m")


def features(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Turn questions into features. The flight number is left out: it only identifies a flight."""
    departure = columns["departure"]
    since_midnight = departure - departure.astype("datetime64[D]")
    return {
        "minute_of_day": (since_midnight / MINUTE).astype(np.float32),
        "distance": columns["distance"].astype(np.float32),
        "origin": columns["origin"],
        "dest": columns["dest"],
        "carrier": columns["carrier"],
    }
