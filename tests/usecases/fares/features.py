"""What the model is shown: how far it is, and when."""

import numpy as np


def features(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    day = columns["pickup"].astype("datetime64[D]")
    x = (columns["to_longitude"] - columns["from_longitude"]) * 53
    y = (columns["to_latitude"] - columns["from_latitude"]) * 69
    return {
        "miles": np.hypot(x, y),
        "clock": (columns["pickup"] - day) / np.timedelta64(1, "h"),
        "year": columns["pickup"].astype("datetime64[M]").astype(int) / 12,
        "passengers": columns["passengers"],
        "from_longitude": columns["from_longitude"],
        "from_latitude": columns["from_latitude"],
    }
