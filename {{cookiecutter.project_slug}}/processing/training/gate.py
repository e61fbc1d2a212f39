"""A candidate becomes champion only if it is better, on the newest rows, than what answers today.

Both are judged on rows that neither has been trained on: the newest ones, after the end of the candidate's
training. Where the champion was trained later than that, only what came after its own training judges.
"""

import json
from datetime import UTC, datetime

import numpy as np
from obstore.store import ObjectStore

from core import inference, registry
from core.inference import Model, Refused
from core.schema import CLASSES, OUTCOME
from core.storage import create, names, read
from model.estimator import MOST_MILLISECONDS, SLICES, baseline
from processing.training.bootstrap import interval
from processing.training.candidate import fit_and_answer, predict
from processing.training.scores import METRIC, errors
from processing.training.window import Rows, Window, is_rare

LARGEST_DIFFERENCE = 1e-3
"""Between scikit-learn's answers and the converted model's: float32 carries seven digits."""

LEAST_ROWS = 30
"""With fewer rows that neither has seen nothing is decided."""

LEAST_RARE_ROWS = 3
"""With fewer of other classes than the commonest neither: whoever never names a rare class would look best."""

LEAST_SLICE_ROWS = 30

MOST_WORSE = 0.1
"""The share by which a slice's error may grow before that is called much worse."""


def verdicts(models: ObjectStore) -> list[dict]:
    """Every verdict so far, whichever way it went, by the end of the rows it is about."""
    return [json.loads(read(models, name)) for name in names(models, "verdicts")]


def judge(models: ObjectStore, window: Window, version: str) -> dict:
    """Compare a candidate with the champion and the naive baseline, store the verdict, promote the better.

    Judging the same candidate again returns the verdict that was stored, so what was rolled back stays so.
    Raises core.registry.PromotionLost if another run promoted meanwhile; nothing is stored then.
    """
    stored = f"verdicts/{version}.json"
    if stored in names(models, "verdicts"):
        return json.loads(read(models, stored))
    current = registry.newest_promotion(models)
    verdict = {
        "version": version,
        "champion": current.version if current else None,
        "champion_error": None,
    }
    made = next((one for one in registry.promotions(models) if one.version == version), None)
    if made:  # an attempt before this one stopped between promotion and verdict; meanwhile it may be rolled back
        verdict |= {"champion": None} | _decided("promoted", made.reason)
    else:
        verdict |= _decide(models, window, version, current)
        if verdict["verdict"] == "promoted":
            registry.promote(models, version, verdict["reason"], after=current)
    verdict["time"] = datetime.now(UTC).isoformat(timespec="seconds")
    create(models, stored, json.dumps(verdict, indent=1).encode())
    return verdict


def _decide(
    models: ObjectStore, window: Window, version: str, current: registry.Promotion | None
) -> dict:
    new = inference.load(models, version)
    old, cause = _load_champion(models, current)
    rows = _unseen(window, old)
    if len(rows) < LEAST_ROWS and old:
        return _decided(
            "undecided",
            f"Only {len(rows)} rows with an outcome came since the champion was trained.",
        )
    if CLASSES and (rare := is_rare(rows.rows[OUTCOME]).sum()) < LEAST_RARE_ROWS:
        reason = f"Of the {len(rows)} rows that judge, only {rare} are of another class than the commonest."
        return _decided("undecided", reason)
    new_errors = errors(rows.outcomes, predict(new, rows.features))
    naive = errors(
        rows.outcomes, fit_and_answer(baseline(), window.training(new.card["window"]["days"]), rows)
    )
    old_errors = errors(rows.outcomes, predict(old, rows.features)) if old else None
    compared = {"champion_error": float(old_errors.mean()) if old else None, "rows": len(rows)}
    objections = [*_unfit(new.card), *_not_better("the naive baseline", new_errors, naive)]
    if old:
        objections += [
            *_not_better("the champion", new_errors, old_errors),
            *_worse_slices(rows, new_errors, old_errors),
        ]
    if objections:
        return compared | _decided("refused", " ".join(objections))
    return compared | _decided(
        "promoted", cause or _praise(new_errors, old_errors if old else naive, bool(old), rows)
    )


def _load_champion(
    models: ObjectStore, current: registry.Promotion | None
) -> tuple[Model | None, str]:
    if current is None:
        return None, ""
    try:
        return inference.load(models, current.version), ""
    except Refused as refusal:
        return None, f"The champion can't answer any more. {refusal}"


def _unseen(window: Window, old: Model | None) -> Rows:
    """The rows that judge, without those that the champion may have been trained on."""
    judging = window.judging
    if (
        old is None or old.card["window"]["digest"] == window.digest
    ):  # the same rows, split in the same place
        return judging
    return judging.after(datetime.fromisoformat(old.card["window"]["to"]))


def _unfit(card: dict) -> list[str]:
    found = []
    if not card["parity"]["largest_difference"] <= LARGEST_DIFFERENCE:
        found.append(
            f"Converted to ONNX it answers differently by up to {card['parity']['largest_difference']:.2g};"
            " take an estimator that skl2onnx converts exactly."
        )
    if card["milliseconds"] > MOST_MILLISECONDS:
        found.append(
            f"One answer takes {card['milliseconds']:.1f} ms, more than the {MOST_MILLISECONDS:g} allowed."
        )
    return found


def _not_better(rival: str, new: np.ndarray, old: np.ndarray) -> list[str]:
    low, high = interval(new - old)
    if high < 0:
        return []
    text = f"Its {METRIC.replace('_', ' ')} of {new.mean():.3g} is not surely below {rival}'s {old.mean():.3g}"
    return [f"{text}: the difference lies between {low:+.2g} and {high:+.2g} on {len(new)} rows."]


def _worse_slices(rows: Rows, new: np.ndarray, old: np.ndarray) -> list[str]:
    table = rows.rows.with_columns(
        **{name: rows.features[name] for name in SLICES if name in rows.features.columns}
    )
    found = []
    for name in SLICES:
        for value in table[name].unique().sort():
            mask = (table[name] == value).fill_null(False).to_numpy()
            low, _ = (
                interval(new[mask] - old[mask]) if mask.sum() >= LEAST_SLICE_ROWS else (-np.inf, 0)
            )
            if low > MOST_WORSE * old[mask].mean():
                found.append(
                    f"For {name} {value} it is much worse: {new[mask].mean():.3g} after {old[mask].mean():.3g}."
                )
    return found


def _praise(new: np.ndarray, rival: np.ndarray, has_champion: bool, rows: Rows) -> str:
    low, high = interval(new - rival)
    whose = "the champion's" if has_champion else "the naive baseline's"
    first = "" if has_champion else "The first model. "
    span = f"{rows.times.min():%Y-%m-%d} to {rows.times.max():%Y-%m-%d}"
    return (
        f"{first}Its {METRIC.replace('_', ' ')} of {new.mean():.3g} is below {whose} {rival.mean():.3g}"
        f" (by {-high:.2g} to {-low:.2g}) on {len(new)} rows of {span} that neither has seen."
    )


def _decided(verdict: str, reason: str) -> dict:
    return {"verdict": verdict, "promoted": verdict == "promoted", "reason": reason}
