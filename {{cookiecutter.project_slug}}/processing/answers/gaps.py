"""Fields that questions lack, though the rows that trained the champion have them."""

from collections.abc import Iterator

import polars as pl
from obstore.store import ObjectStore

from core.card import Card
from core.layout import ANSWERS_BY_HOUR
from core.storage import names
from processing.answers.evaluation import questions_of
from processing.answers.hourly import ANSWER_COLUMNS, read_table, readable
from processing.training.gaps import LEAST_ROWS, grown, shares

ENOUGH_QUESTIONS = 2_000


def missing_in_questions(predictions: ObjectStore, card: Card) -> Iterator[tuple[str, str]]:
    """Yield each field that the newest questions mostly lack and training did not, and a sentence.

    Cards of older releases do not say what was missing in training; then there is none.
    """
    questions = _newest_questions(predictions)
    if len(questions) < LEAST_ROWS:
        return
    for name, (asked, trained) in grown(shares(questions), card.get("gaps", {})).items():
        yield (
            name,
            f"{name} is missing in {asked:.0%} of the newest {len(questions)} questions, and in "
            f"{trained:.0%} of the rows that the model learned from: it answers without what it "
            "learned to rely on. Ask with it, or leave it out of features().",
        )


def _newest_questions(predictions: ObjectStore) -> pl.DataFrame:
    tables, rows = [pl.DataFrame(schema=ANSWER_COLUMNS)], 0
    for path in reversed(names(predictions, ANSWERS_BY_HOUR)):
        tables.append(readable(read_table(predictions, path, ANSWER_COLUMNS)))
        rows += len(tables[-1])
        if rows >= ENOUGH_QUESTIONS:
            break
    return questions_of(pl.concat(tables).sort("asked")["question"].tail(ENOUGH_QUESTIONS))
