"""Few trees: the tests train often, and on few rows."""

from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

WINDOW_DAYS = (15, 30)
MOST_TRAINING_ROWS = 1_000_000
JUDGING_DAYS = 7
SLICES = ("shop",)
MOST_MILLISECONDS = 20.0


def estimator() -> Pipeline:
    """Return boosted trees on codes and numbers."""
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return make_pipeline(
        make_column_transformer((codes, ["shop", "paper", "note"]), remainder="passthrough"),
        HistGradientBoostingRegressor(max_iter=50, random_state=0),
    )


def baseline() -> DummyRegressor:
    """Return the median of all jobs."""
    return DummyRegressor(strategy="median")


def rule_of_thumb() -> DummyRegressor:
    """Return the baseline: there is no heuristic."""
    return baseline()
