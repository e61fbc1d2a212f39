"""Define the estimator, the data it is trained and evaluated on, and the baseline it has to beat.

Edit `estimator`: return any unfitted scikit-learn pipeline that skl2onnx can convert. It is fitted
on a data frame with one column for each feature of features.py. The platform imports every name in
capitals, estimator, baseline and rule_of_thumb, so keep these names.

To predict a class, return a classifier with `predict_proba` from `estimator`, and
`DummyClassifier(strategy="prior")` from `baseline`. Do not balance the classes with weights:
candidates are compared by log loss, which needs true probabilities, for rare classes too.
"""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

WINDOW_DAYS = (15, 30, 60, 90)
"""Lengths of the training window. Each is tried on past weeks, and the best one is kept."""

MOST_TRAINING_ROWS = 1_000_000
"""A window with more rows is sampled down to this number; the card says from how many.

With a million rows, a run took 1.0 GB of the 1.5 GB that processing may use. The error was 0.2 %
larger than with all 2.3 million rows.
"""

JUDGING_DAYS = 7
"""How many days judge what the days before them taught: about as many as lie between trainings.

Windows are compared on the last four such periods, a candidate with the champion on the newest. The
model that answers, once it is promoted, has learned from those days too.
"""

SLICES = ("origin", "carrier")
"""Columns in which no group may get much worse: a good mean can hide a bad airport.

`()`: check the overall mean only.
"""

MOST_MILLISECONDS = 20.0
"""A candidate that takes longer than this to answer one question is refused."""


def estimator() -> Pipeline:
    """Return boosted trees that minimise the absolute error: outliers have little influence.

    A category unseen in training (a new destination) becomes -1; the distance then determines the
    answer.
    """
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return make_pipeline(
        make_column_transformer((codes, ["origin", "dest", "carrier"]), remainder="passthrough"),
        HistGradientBoostingRegressor(loss="absolute_error", max_iter=200, random_state=0),
    )


def baseline() -> DummyRegressor:
    """Return the naive baseline, which ignores the question: a useful model beats it."""
    return DummyRegressor(strategy="median")


class RouteMedian(RegressorMixin, BaseEstimator):
    """Predict the median of the same route, or of all flights if the route is new."""

    ROUTE = ["origin", "dest"]

    def fit(self, features: pd.DataFrame, outcomes: np.ndarray) -> "RouteMedian":
        self.median_ = np.median(outcomes)
        self.medians_ = (
            features[self.ROUTE]
            .assign(median=outcomes)
            .groupby(self.ROUTE, as_index=False)
            .median()
        )
        return self

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        routes = features[self.ROUTE].merge(self.medians_, how="left", on=self.ROUTE)
        return routes["median"].fillna(self.median_).to_numpy()


def rule_of_thumb() -> RegressorMixin:
    """Return the heuristic that people would use without a model; its error is shown too.

    If you have none, return `baseline()`.
    """
    return RouteMedian()
