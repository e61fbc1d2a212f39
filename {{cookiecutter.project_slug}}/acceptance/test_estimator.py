"""model/estimator.py, and all of it together: a model is trained, converted, judged and asked."""

import json

import numpy as np
import pytest
from fastapi.testclient import TestClient

from acceptance.conftest import NOTES, problem
from core.inference import alike, load
from core.keys import RIGHTS, add
from core.schema import CLASSES, OUTCOME
from core.storage import bucket
from core.tables import question_columns
from model.schema import Outcome, Question
from prediction.app import create_app
from prediction.champions import Champions
from prediction.journal import Journal
from prediction.keys import Keys
from processing.training.gate import unfit

ASKED = 50


def test_the_model_can_be_served(tried_learned):
    if tried_learned.problem:
        problem(tried_learned.problem)
    learned = tried_learned.made
    if problems := list(unfit(learned.card)):
        problem(" ".join(problems))
    NOTES.extend(learned.card.get("warnings", ()))
    if learned.verdict != "promoted":
        NOTES.append(
            f"Trained on {learned.card['rows']['training']:,} of these rows, it would not answer "
            f"yet: {learned.reason} `make local` tries it on all of them."
        )


@pytest.fixture(scope="module")
def ask(learned, tmp_path_factory):
    """Return a function that sends something to the API, which answers with the model."""
    folder = tmp_path_factory.mktemp("api")
    key = add(folder / "api-keys.json", "owner", RIGHTS)
    champions = Champions(bucket("models"), patience=0)
    journal = Journal(folder / "journal", bucket("predictions"))
    app = create_app(champions, journal, Keys(folder / "api-keys.json", seconds=0))
    headers = {"Authorization": f"Bearer {key}"}
    with TestClient(app, headers=headers) as client:
        assert client.get("/v1/model").json()["version"] == learned.card["version"]
        yield lambda path, body: client.post(path, json=body)


def test_the_api_answers_questions_as_the_pipeline_does(learned, sample, ask):
    rows = sample.good.head(ASKED)
    model = load(bucket("models"), learned.card["version"])
    expected = model.predict_columns(question_columns(rows))
    questions = [
        Question.model_validate(row, strict=False).model_dump(mode="json")
        for row in rows.select(*Question.model_fields).iter_rows(named=True)
    ]
    reply = ask("/v1/predict/batch", {"questions": questions})
    assert reply.status_code == 200, reply.text
    for answer, right in zip(reply.json()["predictions"], expected, strict=True):
        given = list(answer["probabilities"].values()) if CLASSES else answer["prediction"]
        if not np.allclose(given, right, rtol=1e-4, atol=1e-3):
            problem(f"The API answers {given}, and the pipeline {right}, to the same question.")


def test_the_example_of_the_card_is_answered(learned, ask):
    example = learned.card["example"]
    answer = ask("/v1/predict", json.loads(json.dumps(example["question"]))).json()
    assert alike(answer if CLASSES else answer["prediction"], example["answer"])


def test_the_page_of_the_api_shows_every_field_and_takes_its_example(ask):
    example = {
        name: field.examples[0] for name, field in Question.model_fields.items() if field.examples
    }
    reply = ask("/v1/predict", example)
    if reply.status_code != 200:
        problem(
            "The examples in model/schema.py make no question together: "
            f"{reply.json()['detail']} {reply.json().get('errors', '')}"
        )
    assert ask("/v1/predict", {}).status_code in (200, 422)
    happened = Outcome.model_fields[OUTCOME].examples[0]
    reply = ask("/v1/outcomes", {"id": reply.json()["id"], "actual": happened})
    assert reply.status_code == 202, reply.text
