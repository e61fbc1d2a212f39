"""What people should look at before they trust a model: leaks, and fields that are missing."""

from collections.abc import Iterator

from core import registry
from core.card import Card
from core.storage import bucket
from processing.answers.gaps import missing_in_questions
from processing.training.causes import last_candidate
from processing.training.gaps import known_afterwards

Row = dict[str, str]


def warnings() -> list[Row]:
    """Return what there is to warn of now: of the champion, and of the candidate judged last."""
    models = bucket("models")
    candidate, champion = last_candidate(models), registry.newest_promotion(models)
    judged = [candidate["version"]] if candidate else []
    cards = {version: registry.card(models, version) for version in judged}
    rows = []
    if champion is not None:
        card = registry.card(models, champion.version)
        cards[champion.version] = card
        rows += _of_fields(card)
    return [*_of_cards(cards), *rows]


def _of_cards(cards: dict[str, Card]) -> Iterator[Row]:
    for version, card in cards.items():
        for warning in card.get("warnings", ()):
            yield {"version": version, "kind": "too good to be true", "warning": warning}
        if late := card.get("outcomes", {}).get("warning"):
            yield {"version": version, "kind": "outcomes known late", "warning": late}


def _of_fields(card: Card) -> Iterator[Row]:
    kinds = {
        "missing in questions": missing_in_questions(bucket("predictions"), card),
        "known only afterwards": known_afterwards(bucket("processed")),
    }
    for kind, found in kinds.items():
        for _name, sentence in found:
            yield {"version": card["version"], "kind": kind, "warning": sentence}
