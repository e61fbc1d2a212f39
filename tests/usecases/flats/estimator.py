"""What learns: boosted trees on codes and numbers."""

from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

WINDOW_DAYS = (365, 730)

MOST_TRAINING_ROWS = 1_000_000

JUDGING_DAYS = 60

SLICES = ("town",)

MOST_MILLISECONDS = 20.0


def estimator() -> Pipeline:
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return make_pipeline(
        make_column_transformer((codes, ["town", "rooms"]), remainder="passthrough"),
        HistGradientBoostingRegressor(loss="absolute_error", random_state=0),
    )


def baseline() -> DummyRegressor:
    """Every flat gets the median."""
    return DummyRegressor(strategy="median")


def rule_of_thumb() -> DummyRegressor:
    return baseline()
