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
    return {name: _without_gaps(values) for name, values in computed.items()}


def _without_gaps(values: np.ndarray) -> np.ndarray:
    if values.dtype != object:
        return values
    gaps = np.equal(values, None)
    return np.where(gaps, "", values) if gaps.any() else values
