"""Features as training and serving compute them, with `features` of model/features.py."""

import numpy as np

from model.features import features


def compute(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return one array for each feature, of one value a question: float32, or texts as objects.

    A missing text becomes '': encoders of ONNX take no gaps. Raises ValueError where `features`
    does not return one number or text for each question.
    """
    rows = len(next(iter(columns.values())))
    computed = {name: np.asarray(values) for name, values in features(columns).items()}
    wrong = [name for name, values in computed.items() if np.shape(values) != (rows,)]
    if wrong:
        raise ValueError(
            f"features() in model/features.py must return one value for each of {rows} questions; "
            f"it does not for {', '.join(wrong)}."
        )
    unchanged = set(map(id, columns.values()))  # texts among them have no gaps
    return {
        name: values if id(values) in unchanged and values.dtype == object else _as(name, values)
        for name, values in computed.items()
    }


def _as(name: str, values: np.ndarray) -> np.ndarray:
    """Return a feature as a model takes it."""
    if values.dtype.kind in "biuf":
        return values.astype(np.float32, copy=False)
    if values.dtype.kind not in "OU":
        raise ValueError(
            f"features() in model/features.py must return numbers or texts; {name} is "
            f"{values.dtype}. Of a time, take parts such as the hour, or the seconds since another."
        )
    return _without_gaps(values.astype(object, copy=False))


def _without_gaps(values: np.ndarray) -> np.ndarray:
    gaps = [place for place, value in enumerate(values) if value is None]
    if not gaps:
        return values
    filled = values.copy()
    filled[gaps] = ""
    return filled
