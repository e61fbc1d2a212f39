"""What learns: boosted trees on codes and numbers."""

from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

WINDOW_DAYS = (180, 730)

MOST_TRAINING_ROWS = 1_000_000

JUDGING_DAYS = 30

SLICES = ("kind",)

MOST_MILLISECONDS = 20.0


def estimator() -> Pipeline:
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return make_pipeline(
        make_column_transformer((codes, ["kind", "sex", "breed", "colour"]), remainder="passthrough"),
        HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=15, random_state=0),
    )


def baseline() -> DummyClassifier:
    """Every animal gets the shares of the classes."""
    return DummyClassifier(strategy="prior")


def rule_of_thumb() -> DummyClassifier:
    return baseline()
