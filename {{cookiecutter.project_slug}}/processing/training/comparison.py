"""A candidate compared with a rival: is it better beyond chance, and by how much?"""

from dataclasses import dataclass

import numpy as np

from processing.training.scores import METRIC_NAME

STANDARD_ERRORS = 1.96
"""Between so many below and above lies the true mean in 95 of 100 cases (normal approximation)."""


@dataclass(frozen=True)
class Comparison:
    """Mean errors on the same rows, and the interval of their difference.

    Below 0 the candidate is better.
    """

    rival: str
    rows: int
    mine: float
    rivals: float
    low: float
    high: float

    @property
    def is_surely_better(self) -> bool:
        """Whether the candidate's error is smaller beyond chance."""
        return self.high < 0

    def is_much_better(self, share: float) -> bool:
        """Return whether it is smaller beyond chance by more than a share."""
        return self.high < -share * self.rivals

    def is_much_worse(self, share: float) -> bool:
        """Return whether it is larger beyond chance by more than a share."""
        return self.low > share * self.rivals

    def doubt(self) -> str:
        """Return that the candidate is not surely better."""
        return (
            f"Its {METRIC_NAME} of {self.mine:.3g} is not surely below {self.rival}'s "
            f"{self.rivals:.3g}: {self.difference()}."
        )

    def praise(self) -> str:
        """Return that the candidate is better, or as good."""
        how = "below" if self.mine < self.rivals else "no worse than"
        return (
            f"Its {METRIC_NAME} of {self.mine:.3g} is {how} {self.rival}'s {self.rivals:.3g} "
            f"({self.difference()})"
        )

    def difference(self) -> str:
        """Return the interval of the difference in words."""
        return (
            f"the difference lies between {self.low:+.2g} and {self.high:+.2g} on {self.rows} rows"
        )


def compared(rival: str, mine: np.ndarray, rivals: np.ndarray) -> Comparison:
    """Compare a candidate's errors with a rival's on the same rows."""
    differences = mine - rivals
    margin = STANDARD_ERRORS * float(differences.std()) / len(differences) ** 0.5
    middle = float(differences.mean())
    return Comparison(
        rival, len(mine), float(mine.mean()), float(rivals.mean()), middle - margin, middle + margin
    )
