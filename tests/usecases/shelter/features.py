"""What the model is shown."""

import numpy as np


def features(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        "named": columns["name"] != "",
        **{name: columns[name] for name in ("kind", "sex", "age", "breed", "colour")},
    }
