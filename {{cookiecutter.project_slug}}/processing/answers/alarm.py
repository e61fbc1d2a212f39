"""Whether the champion's live answers are worse than its card promised: a cause to train, see model/retraining.py."""

import json
from datetime import UTC, datetime

from core import registry
from core.storage import bucket, read
from core.tables import read_parquet
from model.retraining import WORSE_BY
from processing.answers.evaluation import newest, with_errors
from processing.answers.truth import joined
from processing.training.scores import METRIC

STORED = "live_error.json"
LEAST_ROWS = 30
ENOUGH_ROWS = 20_000
"""More would make no difference, and cost time every minute."""


def measure() -> dict:
    """Hold the errors that became known since the promotion against the card, and keep what came of it."""
    promotion = registry.newest_promotion(bucket("models"))
    if promotion is None:
        return {}
    promised = registry.card(bucket("models"), promotion.version)["metrics"][METRIC]
    errors = _newest_errors(promotion)
    mean = sum(errors) / len(errors) if errors else 0.0
    spread = sum((error - mean) ** 2 for error in errors) ** 0.5 / max(1, len(errors))
    worse = len(errors) >= LEAST_ROWS and mean - 2 * spread > (1 + WORSE_BY) * promised
    found = {
        "version": promotion.version,
        "rows": len(errors),
        "error": mean,
        "promised": promised,
        "alarm": worse,
    }
    if _without_time(found) != _without_time(_stored()):
        kept = found | {"measured": datetime.now(UTC).isoformat()}
        bucket("processed").put(STORED, json.dumps(kept, indent=1).encode())
    return found


def _newest_errors(promotion: registry.Promotion) -> list[float]:
    since, errors = datetime.fromisoformat(promotion.time), []
    predictions = bucket("predictions")
    for path, _, changed in sorted(joined(predictions), key=lambda table: table[2], reverse=True):
        if changed < since or len(errors) >= ENOUGH_ROWS:
            break
        found = with_errors(newest(read_parquet(predictions, path))).filter(model=promotion.version)
        errors += [
            error for error, known in found.select("error", "known").iter_rows() if known >= since
        ]
    return errors


def _stored() -> dict:
    try:
        return json.loads(read(bucket("processed"), STORED))
    except FileNotFoundError:
        return {}


def _without_time(found: dict) -> dict:
    return {name: value for name, value in found.items() if name != "measured"}
