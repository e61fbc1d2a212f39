"""A candidate compared with a rival: is it better beyond chance, and by how much?"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from processing.training.bootstrap import interval
from processing.training.scores import METRIC_NAME


@dataclass(frozen=True)
class Comparison:
    """Errors on the same rows, and the interval of their mean difference.

    Below 0 the candidate is better.
    """

    rival: str
    candidate_errors: np.ndarray
    rival_errors: np.ndarray
    low: float
    high: float

    @property
    def means(self) -> tuple[float, float]:
        """The mean error of the candidate and of the rival."""
        return float(self.candidate_errors.mean()), float(self.rival_errors.mean())

    def objections(self) -> Iterator[str]:
        """Yield why the candidate is not surely better."""
        if self.high >= 0:
            mine, rivals = self.means
            yield (
                f"Its {METRIC_NAME} of {mine:.3g} is not surely below {self.rival}'s {rivals:.3g}: "
                f"the difference lies between {self.low:+.2g} and {self.high:+.2g} "
                f"on {len(self.candidate_errors)} rows."
            )

    def praise(self) -> str:
        """Return by how much the candidate is better."""
        mine, rivals = self.means
        return (
            f"Its {METRIC_NAME} of {mine:.3g} is below {self.rival}'s {rivals:.3g} "
            f"(by {-self.high:.2g} to {-self.low:.2g})"
        )


def compared(rival: str, candidate_errors: np.ndarray, rival_errors: np.ndarray) -> Comparison:
    """Compare a candidate with a rival on the same rows."""
    low, high = interval(candidate_errors - rival_errors)
    return Comparison(rival, candidate_errors, rival_errors, low, high)
