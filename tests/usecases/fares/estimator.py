"""What learns: boosted trees."""

from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingRegressor

WINDOW_DAYS = (180, 365)

MOST_TRAINING_ROWS = 1_000_000

JUDGING_DAYS = 30

SLICES = ()

MOST_MILLISECONDS = 20.0


def estimator() -> HistGradientBoostingRegressor:
    return HistGradientBoostingRegressor(loss="absolute_error", random_state=0)


def baseline() -> DummyRegressor:
    """Every ride costs the median."""
    return DummyRegressor(strategy="median")


def rule_of_thumb() -> DummyRegressor:
    return baseline()
