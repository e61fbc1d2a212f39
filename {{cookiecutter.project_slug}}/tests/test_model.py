"""Whether the platform accepts what is in `model/`: the tests to run while changing it."""

import json
import warnings

import numpy as np

from core import inference, registry
from core.schema import OUTCOME, columns
from core.tables import question_columns
from model.features import features
from model.schema import Outcome, Question
from processing.rows.ingest import check_batch
from processing.steps import run_steps

LEARNED_FROM = 4_000


def test_every_field_says_what_it_is_and_gives_an_example():
    for name, field in (Question.model_fields | Outcome.model_fields).items():
        assert field.description, f"{name} in model/schema.py has no description"
        assert field.examples, f"{name} in model/schema.py has no example"


def test_the_sample_becomes_rows_that_the_schema_accepts(sample):
    good, bad = check_batch(sample.with_row_index("row", offset=1))
    assert len(good) > 0.9 * len(sample), bad["reason"].explode().value_counts()
    assert good[OUTCOME].count() > 0


def test_one_question_gets_the_same_features_as_a_whole_table(sample):
    rows, _ = check_batch(sample.head(50).with_row_index("row", offset=1))
    as_table = features(question_columns(rows))
    for place, values in enumerate(rows.select(*Question.model_fields).iter_rows(named=True)):
        alone = features(columns([Question.model_validate(values)]))
        for name, column in as_table.items():
            np.testing.assert_array_equal(alone[name], column[place : place + 1], err_msg=name)


def test_the_whole_pipeline_makes_a_champion_that_answers_its_example(storage, sample):
    storage("raw").put(
        "sample.csv", sample.sample(min(LEARNED_FROM, len(sample)), seed=0).write_csv().encode()
    )
    list(run_steps(without="raw"))
    promotion = registry.newest_promotion(storage("models"))
    assert promotion is not None, "the model was not better than its naive baseline"
    model = inference.load(storage("models"), promotion.version)
    for sentence in model.card.get("warnings", ()):
        warnings.warn(sentence, stacklevel=1)
    question = Question.model_validate_json(json.dumps(model.card["example"]["question"]))
    assert inference.alike(model.predict([question])[0], model.card["example"]["answer"])
