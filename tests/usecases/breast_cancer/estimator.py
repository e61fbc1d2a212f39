"""What learns: boosted trees, as there are few rows, small ones."""

from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier

WINDOW_DAYS = (365,)

MOST_TRAINING_ROWS = 1_000_000

JUDGING_DAYS = 14

SLICES = ()

MOST_MILLISECONDS = 20.0


def estimator() -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_iter=60, max_leaf_nodes=7, learning_rate=0.08, random_state=0
    )


def baseline() -> DummyClassifier:
    """Every mass gets the share of malignant ones."""
    return DummyClassifier(strategy="prior")


def rule_of_thumb() -> DummyClassifier:
    return baseline()
