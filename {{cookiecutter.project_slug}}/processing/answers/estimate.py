"""An estimate of the error of the newest answers, whether their outcomes are known or not."""

import json
from datetime import datetime

import numpy as np

from core import registry
from core.answers import hour_folder
from core.layout import ANSWERS_BY_HOUR
from core.storage import bucket, names
from processing.answers.evaluation import of_our_kind, predicted_by
from processing.answers.hourly import ANSWER_COLUMNS, read_table, readable
from processing.training.expectation import expected_error

ENOUGH_ANSWERS = 20_000
"""More would make no difference, and cost time every minute."""


def estimated_error(promotion: registry.Promotion) -> float | None:
    """Return the error to expect of the champion's newest answers; None before there are any."""
    card = registry.card(bucket("models"), promotion.version)
    answers = _newest_answers(promotion)
    if "errors_by_answer" not in card or not len(answers):
        return None
    return expected_error(card["errors_by_answer"], answers)


def _newest_answers(promotion: registry.Promotion) -> np.ndarray:
    predictions = bucket("predictions")
    first = f"{ANSWERS_BY_HOUR}/{hour_folder(datetime.fromisoformat(promotion.time))}"
    answers: list = []
    for path in sorted(names(predictions, ANSWERS_BY_HOUR), reverse=True):
        if path < first or len(answers) >= ENOUGH_ANSWERS:
            break
        table = readable(read_table(predictions, path, ANSWER_COLUMNS))
        given = of_our_kind(table.filter(model=promotion.version))
        answers += [json.loads(text) for text in given["answer"]]
    return predicted_by(answers)
