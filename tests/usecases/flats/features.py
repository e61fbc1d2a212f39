"""What the model is shown: all of it, and the month as a number."""

import numpy as np


def features(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return columns | {"month": columns["month"].astype("datetime64[M]").astype(int)}
