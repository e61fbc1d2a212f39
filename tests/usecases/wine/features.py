"""What the estimator is shown: all but the bottle's number."""

import numpy as np

NUMBERS = ("alcohol", "malic_acid", "ash", "flavanoids", "proline")


def features(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: columns[name].astype(np.float32) for name in NUMBERS} | {
        "colour": columns["colour"]
    }
