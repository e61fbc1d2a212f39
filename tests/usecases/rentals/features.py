"""What the model is shown: the clock, the day and the weather."""

import numpy as np


def features(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    day = columns["hour"].astype("datetime64[D]")
    return {
        "clock": (columns["hour"] - day) / np.timedelta64(1, "h"),
        "weekday": (day.astype(int) + 3) % 7,
        "month": columns["hour"].astype("datetime64[M]").astype(int) % 12,
        **{name: columns[name] for name in ("holiday", "weather", "temperature", "humidity")},
    }
