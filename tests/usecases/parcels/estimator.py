"""What learns: logistic regression, for all three fates at once."""

from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

WINDOW_DAYS = (15, 30, 90)

MOST_TRAINING_ROWS = 1_000_000

JUDGING_DAYS = 14

SLICES = ("carrier",)

MOST_MILLISECONDS = 20.0


def estimator() -> Pipeline:
    codes = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    columns = make_column_transformer(
        (codes, ["carrier", "service"]), (numbers, ["insured", "distance", "weight"])
    )
    return make_pipeline(columns, LogisticRegression())


def baseline() -> DummyClassifier:
    """Every parcel gets the share of each fate."""
    return DummyClassifier(strategy="prior")


def rule_of_thumb() -> DummyClassifier:
    return baseline()
