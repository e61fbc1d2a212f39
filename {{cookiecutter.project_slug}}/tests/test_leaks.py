"""What is too good to be true is said, with the feature that explains it, and nothing else is."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from core.schema import CLASSES, OUTCOME
from core.tables import TIME, write_parquet
from model.estimator import baseline
from model.schema import Question
from processing.training.gaps import grown, known_afterwards, shares
from processing.training.leaks import suspicions
from processing.training.references import fit_reference
from processing.training.scores import estimator_predictions, metrics
from processing.training.window import Rows

COUNT = 3_000


def rows(leaks: int) -> Rows:
    """Return rows with an honest number, a text, and some numbers that tell the outcome."""
    draw = np.random.default_rng(leaks)
    size, kind = draw.normal(size=COUNT), draw.choice(list("abc"), COUNT)
    score = size + (kind == "a") + draw.normal(size=COUNT)
    edges = np.quantile(score, np.linspace(0, 1, max(2, len(CLASSES)) + 1)[1:-1])
    places = np.digitize(score, edges)
    outcomes = np.array(CLASSES)[places] if CLASSES else 100 + 10 * score
    told = places if CLASSES else score
    features = {"size": size.astype(np.float32), "kind": kind} | {
        f"leak{number}": (told + draw.normal(0, 0.001, COUNT)).astype(np.float32)
        for number in range(leaks)
    }
    times = [datetime(2020, 1, 1) + timedelta(hours=hour) for hour in range(COUNT)]
    return Rows(pl.DataFrame({TIME: times, OUTCOME: outcomes}), pl.DataFrame(features))


def fit(training: Rows):
    """Train trees that demand every column by its name, as those of the example do."""
    columns = training.features.columns
    numbers = [name for name in columns if name != "kind"]
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    trees = HistGradientBoostingClassifier if CLASSES else HistGradientBoostingRegressor
    encoded = make_column_transformer((codes, ["kind"]), ("passthrough", numbers))
    learner = make_pipeline(encoded, trees(max_iter=60, random_state=0))
    return learner.fit(training.features.to_pandas(), training.outcomes)


def said_of(table: Rows) -> list[str]:
    """Return what is said of a model that learned from two thirds of some rows."""
    training, judging = table.slice(0, 2_000), table.slice(2_000)
    figures = metrics(judging.outcomes, estimator_predictions(fit(training), judging.features))
    naive = metrics(judging.outcomes, fit_reference(baseline, training, judging.features))
    (metric, error), *_ = naive.items()
    return suspicions(fit, training, judging, figures | {f"baseline_{metric}": error})


@pytest.mark.parametrize("leaks", [1, 2])
def test_what_is_too_good_is_said_with_the_features_without_which_it_is_gone(leaks):
    (sentence,) = said_of(rows(leaks))
    names = [f"leak{number}" for number in range(leaks)]
    assert sentence.startswith("Too good to be true?") and "Without leak" in sentence
    assert [name for name in ("leak0", "leak1", "size", "kind") if name in sentence] == names


def test_where_many_features_tell_the_outcome_no_single_one_is_accused():
    (sentence,) = said_of(rows(5))
    assert "not due to a few features" in sentence


def test_an_honest_model_is_left_alone():
    assert said_of(rows(0)) == []


def stored(storage, **missing_before: bool) -> list[str]:
    """Store rows of which half wait for their outcome; return which fields are called late."""
    names = list(Question.model_fields)
    known = {name: ["x"] * 50 for name in [*names, OUTCOME]}
    waiting = {name: [None if missing_before.get(name) else "x"] * 50 for name in names}
    table = pl.concat([pl.DataFrame(known), pl.DataFrame(waiting | {OUTCOME: [None] * 50})])
    write_parquet(storage("processed"), "rows/month=2020-01/one.parquet", table)
    return [name for name, _ in known_afterwards(storage("processed"))]


def test_a_field_that_fills_with_the_outcome_is_called_known_afterwards(storage):
    late = list(Question.model_fields)[-1]
    assert stored(storage) == []
    assert stored(storage, **{late: True}) == [late]


def test_a_field_that_questions_lack_and_training_had_is_found():
    names = list(Question.model_fields)
    trained = pl.DataFrame({name: ["x"] * 10 for name in names})
    asked = trained.with_columns(pl.lit("").alias(names[0]))
    assert list(grown(shares(asked), shares(trained))) == names[:1]
    assert grown(shares(trained), shares(asked)) == {}
