"""A candidate becomes champion only if it is better, on the newest rows, than what answers today.

Both are evaluated on rows that neither has been trained on: the newest ones, after the end of the
candidate's training. Where the champion was trained later than that, only those after its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NotRequired

import numpy as np
from obstore.store import ObjectStore
from typing_extensions import TypedDict

from core import inference, registry
from core.card import Card
from core.documents import Count, Documents, Time, Unreadable
from core.inference import Model, Refused
from core.layout import VERDICTS
from core.schema import CLASSES, OUTCOME
from core.storage import as_json, create, names
from model.estimator import MOST_MILLISECONDS, SLICES, baseline
from processing.training.bootstrap import interval
from processing.training.comparison import Comparison, compared
from processing.training.references import fit_reference
from processing.training.scores import errors, model_predictions
from processing.training.window import Rows, Window, is_rare

LARGEST_DIFFERENCE = 1e-3
"""Between scikit-learn's predictions and the ONNX model's: float32 carries seven digits."""

LEAST_TO_JUDGE = 30
"""With fewer rows that neither model has seen, nothing is decided."""

LEAST_RARE_TO_JUDGE = 3
"""Nor with fewer of the less frequent classes: a model that never names them would look best."""

LEAST_SLICE_ROWS = 30

MOST_WORSE = 0.1
"""The share by which a slice's error may grow before that is called much worse."""


Judgement = Literal["promoted", "refused", "undecided"]


class Verdict(TypedDict):
    """What came of a candidate: `promoted`, `refused` or `undecided`, and why."""

    version: str
    verdict: Judgement
    reason: str
    champion: str | None
    champion_error: float | None
    rows: NotRequired[Count]
    time: Time


@dataclass(frozen=True)
class Decision:
    """What follows from a comparison, and why."""

    verdict: Judgement
    reason: str
    champion_error: float | None = None
    rows: int | None = None


VERDICT_DOCUMENTS = Documents(VERDICTS, Verdict)


def verdicts(models: ObjectStore) -> list[Verdict]:
    """Return every verdict so far, whichever way it went, by the end of the rows it is about.

    One that can't be read is passed over.
    """
    return VERDICT_DOCUMENTS.read_all(models)


def judge(models: ObjectStore, window: Window, version: str) -> Verdict:
    """Compare a candidate with champion and baseline, store the verdict, promote the better one.

    Judging the same candidate again returns the stored verdict, so a model that was rolled back
    stays so. Raises core.registry.PromotionLost if another run promoted meanwhile; nothing is
    stored then.
    """
    path = f"{VERDICTS}/{version}.json"
    if path in names(models, VERDICTS):
        return _stored_verdict(models, path, version)
    champion = registry.newest_promotion(models)
    decision = _interrupted(models, version)
    if decision is None:
        decision = _decide(models, window, version, champion)
        if decision.verdict == "promoted":
            registry.promote(models, version, decision.reason, after=champion)
        verdict = _verdict(version, champion.version if champion else None, decision)
    else:
        verdict = _verdict(version, None, decision)
    warnings = registry.card(models, version).get("warnings", ())
    verdict["reason"] = " ".join([verdict["reason"], *warnings])
    create(models, path, as_json(verdict))
    return verdict


def _stored_verdict(models: ObjectStore, path: str, version: str) -> Verdict:
    try:
        return VERDICT_DOCUMENTS.read(models, path)
    except Unreadable as problem:
        return _verdict(version, None, Decision("undecided", str(problem)))


def _interrupted(models: ObjectStore, version: str) -> Decision | None:
    """Return what an attempt decided that stopped between its promotion and its verdict.

    The version may have been rolled back since, so it is not promoted again.
    """
    for promotion in registry.promotions(models):
        if promotion.version == version:
            return Decision("promoted", promotion.reason)
    return None


def _verdict(version: str, champion: str | None, decision: Decision) -> Verdict:
    verdict = Verdict(
        version=version,
        verdict=decision.verdict,
        reason=decision.reason,
        champion=champion,
        champion_error=decision.champion_error,
        time=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    if decision.rows is not None:
        verdict["rows"] = decision.rows
    return verdict


def _decide(
    models: ObjectStore, window: Window, version: str, champion: registry.Promotion | None
) -> Decision:
    try:
        candidate = inference.load(models, version)
    except Refused as refusal:
        return Decision("refused", str(refusal))
    rival, cause = _load_champion(models, champion)
    rows = _unseen(window, rival)
    if reason := _too_few(rows, rival):
        return Decision("undecided", reason)
    candidate_errors = errors(rows.outcomes, model_predictions(candidate, rows.features))
    naive = compared("the naive baseline", candidate_errors, _naive_errors(candidate, window, rows))
    against = _against_champion(candidate_errors, rival, rows)
    objections = [*_unfit(candidate.card), *naive.objections()]
    if against:
        objections += [*against.objections(), *_worse_slices(rows, against)]
    verdict = "refused" if objections else "promoted"
    reason = " ".join(objections) or cause or _praise(against, naive, rows)
    return Decision(verdict, reason, against.means[1] if against else None, len(rows))


def _load_champion(
    models: ObjectStore, promotion: registry.Promotion | None
) -> tuple[Model | None, str]:
    """Return the champion, or None with the reason why it can't be compared with."""
    if promotion is None:
        return None, ""
    try:
        return inference.load(models, promotion.version), ""
    except Refused as refusal:
        return None, f"The champion can't answer any more. {refusal}"


def _unseen(window: Window, champion: Model | None) -> Rows:
    """Return the holdout without those rows that the champion may have been trained on."""
    holdout = window.holdout
    if champion is None or champion.card["window"]["digest"] == window.digest:
        return holdout  # the same rows, split in the same place
    return holdout.after(datetime.fromisoformat(champion.card["window"]["to"]))


def _too_few(rows: Rows, champion: Model | None) -> str:
    if champion and len(rows) < LEAST_TO_JUDGE:
        return f"Only {len(rows)} rows with an outcome came since the champion was trained."
    if CLASSES:
        rare = is_rare(rows.rows[OUTCOME]).sum()
        if rare < LEAST_RARE_TO_JUDGE:
            return (
                f"Of the {len(rows)} holdout rows, only {rare} are of another class than "
                "the most frequent one."
            )
    return ""


def _naive_errors(candidate: Model, window: Window, rows: Rows) -> np.ndarray:
    training = window.training(candidate.card["window"]["days"])
    return errors(rows.outcomes, fit_reference(baseline, training, rows.features))


def _against_champion(
    candidate_errors: np.ndarray, champion: Model | None, rows: Rows
) -> Comparison | None:
    if champion is None:
        return None
    champion_errors = errors(rows.outcomes, model_predictions(champion, rows.features))
    return compared("the champion", candidate_errors, champion_errors)


def _unfit(card: Card) -> Iterator[str]:
    """Yield what makes a model unfit to answer, however small its errors are."""
    difference = card["parity"]["largest_difference"]
    if not difference <= LARGEST_DIFFERENCE:
        yield (
            f"Converted to ONNX, its predictions differ by up to {difference:.2g}; "
            "use an estimator that skl2onnx converts exactly."
        )
    if card["milliseconds"] > MOST_MILLISECONDS:
        yield (
            f"One answer takes {card['milliseconds']:.1f} ms; "
            f"MOST_MILLISECONDS allows {MOST_MILLISECONDS:g}."
        )


def _worse_slices(rows: Rows, against: Comparison) -> Iterator[str]:
    """Yield each value of SLICES for which the candidate is much worse than the champion."""
    features = {name: rows.features[name] for name in SLICES if name in rows.features.columns}
    table = rows.rows.with_columns(**features)
    for name in SLICES:
        for value in table[name].unique().sort():
            mask = (table[name] == value).fill_null(False).to_numpy()
            slice_errors = against.candidate_errors[mask], against.rival_errors[mask]
            if _much_worse(*slice_errors):
                after, before = (float(values.mean()) for values in slice_errors)
                yield f"For {name} {value} it is much worse: {after:.3g} after {before:.3g}."


def _much_worse(candidate_errors: np.ndarray, champion_errors: np.ndarray) -> bool:
    if len(candidate_errors) < LEAST_SLICE_ROWS:
        return False
    low, _ = interval(candidate_errors - champion_errors)
    return low > MOST_WORSE * champion_errors.mean()


def _praise(against: Comparison | None, naive: Comparison, rows: Rows) -> str:
    first = "" if against else "The first model. "
    span = f"{rows.times.min():%Y-%m-%d} to {rows.times.max():%Y-%m-%d}"
    praise = (against or naive).praise()
    return f"{first}{praise} on {len(rows)} rows of {span} that neither has seen."
