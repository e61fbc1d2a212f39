"""A candidate becomes champion only if it is better, on the newest rows, than what answers today."""

import json
from datetime import UTC, datetime

import polars as pl
from obstore.store import ObjectStore

from core import champion, registry
from core.champion import Champion, Refused
from core.storage import create, names, read
from core.tables import TIME
from processing.candidate import predict
from processing.scores import METRIC, errors
from processing.window import Window


def verdicts(models: ObjectStore) -> list[dict]:
    """Every verdict so far, whichever way it went."""
    return [json.loads(read(models, name)) for name in names(models, "verdicts")]


def judge(models: ObjectStore, window: Window, version: str) -> dict:
    """Compare a candidate with the champion and the naive baseline, store the verdict, promote the better.

    Judging the same candidate again returns the verdict that was stored. Raises
    core.registry.PromotionLost if another run promoted meanwhile; nothing is stored then.
    """
    stored = f"verdicts/{version}.json"
    if stored in names(models, "verdicts"):
        return json.loads(read(models, stored))
    current = registry.champion(models)
    verdict = {"version": version, "time": datetime.now(UTC).isoformat(timespec="seconds")}
    verdict |= _decide(models, window, version, current)
    if verdict["promoted"] and (current is None or current.version != version):
        registry.promote(models, version, verdict["reason"], after=current)
    create(models, stored, json.dumps(verdict, indent=1).encode())
    return verdict


def _decide(models: ObjectStore, window: Window, version: str, current: registry.Promotion | None) -> dict:
    if current and current.version == version:  # an attempt before this one stopped after the promotion
        return _verdict(True, current, None, current.reason)
    metrics = registry.card(models, version)["metrics"]
    error, naive = metrics[METRIC], metrics[f"baseline_{METRIC}"]
    if not error < naive:
        return _verdict(
            False, current, None, f"Its error of {error:.2f} is not below the naive baseline's {naive:.2f}."
        )
    if current is None:
        return _verdict(
            True, None, None, f"The first model: its error of {error:.2f} beats the baseline's {naive:.2f}."
        )
    try:
        old = champion.load(models, current.version)
    except Refused as refusal:
        return _verdict(True, current, None, f"The champion can't answer any more. {refusal}")
    return _compare(champion.load(models, version), old, window, current)


def _compare(new: Champion, old: Champion, window: Window, current: registry.Promotion) -> dict:
    features, outcomes = window.judging
    unseen = _unseen_by(old, window)
    if not unseen.any():
        return _verdict(False, current, None, "There are no rows that the champion has not been trained on.")
    features, outcomes = features.filter(unseen), outcomes[unseen.to_numpy()]
    error = float(errors(outcomes, predict(new, features)).mean())
    champion_error = float(errors(outcomes, predict(old, features)).mean())
    better = error < champion_error
    reason = f"Its error of {error:.2f} is {'' if better else 'not '}below the champion's {champion_error:.2f}"
    return _verdict(better, current, champion_error, f"{reason} on {len(outcomes)} rows that neither has seen.")


def _unseen_by(old: Champion, window: Window) -> pl.Series:
    times = window.rows[TIME][window.cut :]
    if old.card["window"]["digest"] == window.digest:  # the same rows were split in the same place
        return pl.repeat(True, len(times), eager=True)
    return times > datetime.fromisoformat(old.card["window"]["to"])


def _verdict(promoted: bool, current: registry.Promotion | None, champion_error: float | None, reason: str) -> dict:
    champion_version = current.version if current else None
    return {
        "promoted": promoted,
        "champion": champion_version,
        "champion_error": champion_error,
        "reason": reason,
    }
