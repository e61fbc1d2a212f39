"""What the estimator is shown: all but the parcel's number and the day."""

import numpy as np

TEXTS, NUMBERS = ("carrier", "service"), ("insured", "distance", "weight")


def features(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: columns[name] for name in TEXTS} | {
        name: columns[name].astype(np.float32) for name in NUMBERS
    }
