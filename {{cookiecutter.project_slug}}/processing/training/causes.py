"""What speaks for training now: the rules of `model/retraining.py`, held against what has come since."""

import json
from datetime import UTC, datetime
from functools import partial

from obstore.store import ObjectStore

from core import registry
from core.code import code_digest
from core.storage import read
from model.retraining import DRIFT, LIVE_ERROR, NEW_ROWS, SCHEDULE, Rule
from processing.rows.raw import reports


def causes(processed: ObjectStore, models: ObjectStore) -> list[str]:
    """A sentence for each cause to train now; none if there is no cause."""
    last = last_candidate(models)
    if last is None:
        return ["There is no model yet."]
    if last["code"] != code_digest():
        return ["The code in model/ has changed."]
    since = datetime.fromisoformat(last["created"])
    new = new_rows(processed, since)
    alarmed = partial(_alarmed, processed, registry.newest_promotion(models))
    found = {
        f"{new} new rows have come.": (NEW_ROWS, True),
        "New rows have drifted from those the champion learned from.": (
            DRIFT,
            alarmed("drift.json"),
        ),
        "Answers were worse than the card promised.": (LIVE_ERROR, alarmed("live_error.json")),
        f"{SCHEDULE.cool_down.days} days have passed.": (SCHEDULE, True),
    }
    return [
        sentence
        for sentence, (rule, given) in found.items()
        if given and _applies(rule, since, new)
    ]


def last_candidate(models: ObjectStore) -> dict | None:
    """The card of the version that was judged last, whichever way the verdict went."""
    judged = [item for batch in models.list("verdicts") for item in batch]
    if not judged:
        return None
    newest = max(judged, key=lambda item: item["last_modified"])["path"]
    return registry.card(models, newest.removeprefix("verdicts/").removesuffix(".json"))


def new_rows(processed: ObjectStore, since: datetime) -> int:
    """Rows with a known outcome that were checked after a time."""
    return sum(
        report["rows_accepted"] - report["rows_without_outcome"]
        for report in reports(processed)
        if datetime.fromisoformat(report["checked"]) > since
    )


def _applies(rule: Rule, since: datetime, new: int) -> bool:
    return datetime.now(UTC) - since >= rule.cool_down and new >= rule.least_rows


def _alarmed(processed: ObjectStore, champion: registry.Promotion | None, measured: str) -> bool:
    """Whether this was measured of today's champion, and was too much."""
    try:
        found = json.loads(read(processed, measured))
    except FileNotFoundError:
        return False
    return found["alarm"] and champion is not None and found["version"] == champion.version
