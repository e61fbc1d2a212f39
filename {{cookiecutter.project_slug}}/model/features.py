"""Compute the features: one function, used in training and in serving.

Edit `features`. It takes one NumPy array for each field of `Question` and returns one for each
feature, of the same length: numbers, or texts. Numbers come as float64 with NaN where one is
missing, true and false as 1 and 0, times as datetime64[us], and texts as objects, a missing one as
''. The shortest version, for fields that are numbers and texts, is

    return columns

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
        "minute_of_day": since_midnight / MINUTE,
        "distance": columns["distance"],
        "origin": columns["origin"],
        "dest": columns["dest"],
        "carrier": columns["carrier"],
    }
