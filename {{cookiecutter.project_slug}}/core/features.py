"""Features as training and serving compute them, with `features` of model/features.py."""

import numpy as np

from model.features import features


def compute(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return one array for each feature, of one value a question.

    A missing text becomes '': encoders of ONNX take no gaps. Raises ValueError where `features`
    does not return one value for each question.
    """
    rows = len(next(iter(columns.values())))
    computed = features(columns)
    wrong = [name for name, values in computed.items() if np.shape(values) != (rows,)]
    if wrong:
        raise ValueError(
            f"features() in model/features.py must return one value for each of {rows} questions; "
            f"it does not for {', '.join(wrong)}."
        )
    unchanged = set(map(id, columns.values()))  # they have no gaps
    return {
        name: values if id(values) in unchanged else _without_gaps(values)
        for name, values in computed.items()
    }


def _without_gaps(values: np.ndarray) -> np.ndarray:
    if values.dtype != object:
        return values
    gaps = [place for place, value in enumerate(values) if value is None]
    if not gaps:
        return values
    filled = values.copy()
    filled[gaps] = ""
    return filled
