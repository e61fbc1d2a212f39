"""What the model is shown: all but the number and the day."""

import numpy as np


def features(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: columns[name] for name in columns if name not in ("booking", "booked")}
