"""Brings versions from storage before the rule of promotion, and does what it says.

A verdict is kept for each candidate, whichever way it went. A broken run can be repeated: what it
had decided holds.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import NotRequired

from obstore.store import ObjectStore
from typing_extensions import TypedDict

from core import inference, registry
from core.card import Card
from core.documents import Count, Documents, Time, Unreadable
from core.inference import Model, OnnxModel, Refused
from core.layout import LIVE_ERROR, VERDICTS
from core.storage import as_json, create, names, read
from model.estimator import MOST_MILLISECONDS, baseline
from processing.training.causes import Measured
from processing.training.references import fit_reference
from processing.training.rule import Contender, Decision, Errors, Judgement, Past, decide
from processing.training.scores import errors, model_predictions
from processing.training.window import Window

LARGEST_DIFFERENCE = 1e-3
"""Between scikit-learn's predictions and the ONNX model's: float32 carries seven digits."""

FAR_ABOVE = 2
"""From so many times its card's promise on, a live error casts doubt on what the card rests on."""

MOST_EARLIER = 20
"""So many earlier champions are asked too: the first one, and the newest of the others."""


class Verdict(TypedDict):
    """What came of a candidate: `promoted`, `refused` or `undecided`, and why."""

    version: str
    verdict: Judgement
    reason: str
    champion: str | None
    champion_error: float | None
    rows: NotRequired[Count]
    time: Time


class Promise(Measured):
    """What the newest live error must say: what was promised, and what came of it."""

    error: float
    at_least: float
    promised: float


VERDICT_DOCUMENTS = Documents(VERDICTS, Verdict)
PROMISES = Documents(LIVE_ERROR, Promise)


def verdicts(models: ObjectStore) -> list[Verdict]:
    """Return every verdict so far, whichever way it went, by the end of the rows it is about.

    One that can't be read is passed over.
    """
    return VERDICT_DOCUMENTS.read_all(models)


def judge(models: ObjectStore, window: Window, version: str, caution: str = "") -> Verdict:
    """Judge a candidate by the rule, store the verdict, and promote what is to answer.

    `caution` says why only what is surely better may be promoted this time.

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
        decision = _decide(models, window, version, champion, caution)
        if decision.verdict == "promoted" or decision.back:
            registry.promote(models, decision.back or version, decision.reason, after=champion)
        verdict = _verdict(version, champion.version if champion else None, decision)
    else:
        verdict = _verdict(version, None, decision)
    card = registry.card(models, version)
    late = card.get("outcomes", {}).get("warning", "")
    said = [verdict["reason"], *card.get("warnings", ()), late]
    verdict["reason"] = " ".join(filter(None, said))
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
    models: ObjectStore,
    window: Window,
    version: str,
    promotion: registry.Promotion | None,
    caution: str,
) -> Decision:
    try:
        model = inference.load(models, version)
        candidate = _contender(models, model)
    except Refused as refusal:
        return Decision("refused", str(refusal))
    champion, cause = _load_champion(models, promotion)
    decision = decide(
        candidate,
        champion,
        _earlier(models, promotion),
        _naive(window, model.card),
        window.holdout,
        _past(window, model.card),
        list(unfit(model.card)),
        caution,
    )
    if cause and decision.verdict == "promoted":
        decision = replace(decision, reason=cause)
    return decision


def caution(processed: ObjectStore, models: ObjectStore) -> str:
    """Return that the champion's answers are far worse than such rows as judge had promised."""
    live, champion = PROMISES.find(processed, LIVE_ERROR), registry.newest_promotion(models)
    if live is None or champion is None or live["version"] != champion.version:
        return ""
    if not live["alarm"] or live["at_least"] < FAR_ABOVE * live["promised"]:
        return ""
    return (
        f"The champion's answers are wrong by {live['error']:.3g}, where rows like these had "
        f"promised {live['promised']:.3g}: what they say has misled once, so only what is surely "
        "better is promoted."
    )


def _contender(models: ObjectStore, model: Model) -> Contender:
    """Return a version with its twin. Raises Refused if the twin is not what was published."""
    card, twin = model.card, _twin(models, model)
    learned_to = datetime.fromisoformat(card["window"]["to"])
    return Contender(
        version=model.version,
        digest=card["window"]["digest"],
        learned_to=learned_to,
        errors=_errors_of(model),
        twin_learned_to=datetime.fromisoformat(card.get("twin", card["window"])["to"]),
        twin_errors=_errors_of(twin),
    )


def _twin(models: ObjectStore, model: Model) -> OnnxModel:
    """Return the twin; versions of older releases are their own, because none was trained again."""
    if "twin" not in model.card:
        return model
    onnx = read(models, registry.twin_path(model.version))
    if inference.checksum(onnx) != model.card["twin"]["checksum"]:
        raise Refused(
            "checksum",
            f"The twin of {model.version} is not what was published: its checksum differs.",
        )
    return OnnxModel(onnx)


def _errors_of(model: OnnxModel) -> Errors:
    return lambda rows: errors(rows.outcomes, model_predictions(model, rows.features))


def _load_champion(
    models: ObjectStore, promotion: registry.Promotion | None
) -> tuple[Contender | None, str]:
    """Return the champion, or None with the reason why it can't be compared with."""
    if promotion is None:
        return None, ""
    try:
        return _contender(models, inference.load(models, promotion.version)), ""
    except Refused as refusal:
        return None, f"The champion can't answer any more. {refusal}"


def _earlier(models: ObjectStore, promotion: registry.Promotion | None) -> Iterator[Contender]:
    """Yield champions before today's that were not rolled back and can answer."""
    champion = promotion.version if promotion else None
    line = dict.fromkeys(registry.champions(models))
    earlier = [version for version in line if version != champion]
    for version in [*earlier[:1], *earlier[1:][-MOST_EARLIER + 1 :]]:
        try:
            yield _contender(models, inference.load(models, version))
        except (Refused, Unreadable, FileNotFoundError):
            continue


def _naive(window: Window, card: Card) -> Errors:
    """Return the errors of the baseline, trained on what the candidate's twin was trained on."""
    training = window.training(card["window"]["days"])
    return lambda rows: errors(rows.outcomes, fit_reference(baseline, training, rows.features))


def _past(window: Window, card: Card) -> Iterator[Past]:
    """Yield how the candidate's recipe did at the cuts before the newest one."""
    days = card["window"]["days"]
    trials = [trial for trial in card.get("trials", []) if trial["days"] == days]
    for (_, asked), trial in zip(window.lessons, trials, strict=False):
        if trial is not trials[0]:
            yield asked, trial["error"]


def unfit(card: Card) -> Iterator[str]:
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
