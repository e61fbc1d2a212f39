"""What learns: boosted trees on codes and numbers."""

from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

WINDOW_DAYS = (90, 1000)

MOST_TRAINING_ROWS = 1_000_000

JUDGING_DAYS = 14

SLICES = ("hotel",)

MOST_MILLISECONDS = 20.0

TEXTS = ["hotel", "meal", "country", "segment", "channel", "room", "deposit", "agent", "company"]
TEXTS += ["customer"]


def estimator() -> Pipeline:
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return make_pipeline(
        make_column_transformer((codes, TEXTS), remainder="passthrough"),
        HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=15, random_state=0),
    )


def baseline() -> DummyClassifier:
    """Every booking gets the shares of the classes."""
    return DummyClassifier(strategy="prior")


def rule_of_thumb() -> DummyClassifier:
    return baseline()
