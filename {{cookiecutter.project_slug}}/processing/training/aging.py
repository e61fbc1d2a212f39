"""How today's champion fares on the rows that have come since it was trained."""

from datetime import datetime
from typing import cast

from obstore.store import ObjectStore

from core import inference, registry
from core.card import Card
from core.inference import Model
from core.layout import DRIFT
from core.storage import as_json
from processing.training import drift
from processing.training.drift import DriftMeasurement, Reference
from processing.training.rows import Rows
from processing.training.scores import model_predictions
from processing.training.window import newest_digest, newest_window


class NothingToMeasure(Exception):
    """There is nothing to compare the champion with, or no champion; the text says which."""


def measure(processed: ObjectStore, models: ObjectStore) -> DriftMeasurement:
    """Measure the champion's drift on all rows that are new to it, and keep the result.

    Raises NothingToMeasure, core.inference.Refused, or
    processing.training.rows.TooFewRows.
    """
    champion = _champion(models)
    if champion.card["window"]["digest"] == newest_digest(processed):
        raise NothingToMeasure("No rows have come since the champion was trained.")
    known = newest_known(champion.card)
    new = newest_window(processed).labelled.after(known)
    _require(new, champion)
    old = cast(Reference, champion.card["reference"])
    sample = drift.sample(old, new, model_predictions(champion, new.features))
    measured = drift.measurement(champion.version, old, sample, known)
    processed.put(DRIFT, as_json(measured))
    return measured


def newest_known(card: Card) -> datetime:
    """Return when the newest row was that trained or evaluated a model."""
    ends = (card["window"]["to"], card["judged_on"]["to"])
    return max(map(datetime.fromisoformat, ends))


def _champion(models: ObjectStore) -> Model:
    promotion = registry.newest_promotion(models)
    if promotion is None:
        raise NothingToMeasure("No model has been promoted yet.")
    return inference.load(models, promotion.version)


def _require(new: Rows, champion: Model) -> None:
    if not len(new):
        raise NothingToMeasure("All new rows are older than the newest that the champion knows.")
    if "reference" not in champion.card:
        raise NothingToMeasure(
            "The champion's card is of a release that kept nothing to compare new rows with; "
            "the next one's has it."
        )
    if gone := set(champion.inputs) - set(new.features.columns):
        raise NothingToMeasure(
            f"The champion was trained on {', '.join(sorted(gone))}, which features() in "
            "model/features.py no longer returns; the next champion is measured."
        )
