"""Print what so many questions take in one request's work, and what the model alone takes of it."""

import json
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from core import features, inference, registry
from core.schema import columns
from core.storage import bucket
from model.schema import Question
from prediction.answering import answer, many
from prediction.api import UnreadQuestions
from prediction.body import parse_questions
from prediction.journal import Journal

TIMES = 7


def main(rows: int, folder: str) -> None:
    models = bucket("models")
    champion = inference.load(models, registry.newest_promotion(models).version)
    question = champion.card["example"]["question"]
    questions = [question | varied(number) for number in range(rows)]
    body = json.dumps({"questions": questions}).encode()
    journal = Journal(Path(folder) / "journal", bucket("predictions"))

    def ours() -> None:
        right = parse_questions(UnreadQuestions, Question, body)
        many(answer(champion, right, ["bench"] * rows, journal), champion)

    asked = parse_questions(UnreadQuestions, Question, body)
    inputs = {
        name: np.asarray(values).reshape(-1, 1)
        for name, values in features.compute(columns(asked)).items()
        if name in champion.inputs
    }

    def alone() -> None:
        champion.session.run(None, inputs)

    took = [(milliseconds(alone), milliseconds(ours)) for _ in range(TIMES)]
    print(
        json.dumps(
            {
                "model_alone_ms": statistics.median(model for model, _ in took),
                "whole_ms": statistics.median(whole for _, whole in took),
                "share_of_the_model": statistics.median(model / whole for model, whole in took),
            }
        )
    )


def varied(number: int) -> dict:
    """Return what makes a question another one: a model is quicker with many that are the same."""
    departure = f"2013-04-{number % 30 + 1:02}T{number % 24:02}:{number % 60:02}:00"
    return {"departure": departure, "distance": 100 + number * 7 % 2500}


def milliseconds(work) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main(int(sys.argv[1]), sys.argv[2])
