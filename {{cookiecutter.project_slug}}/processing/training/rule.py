"""The rule of promotion, a function of errors alone: storage and estimators are elsewhere.

What is judged is a recipe: a window of so many days, by a twin that learned up to the newest cut
and is asked about the rows since. What answers, once it is promoted, has learned from those too.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np

from core.schema import CLASSES, OUTCOME
from model.estimator import SLICES
from processing.training.comparison import Comparison, compared
from processing.training.rows import Rows, is_rare
from processing.training.scores import METRIC_NAME
from processing.training.trials import OLDER_COUNTS

LEAST_TO_JUDGE = 30
"""With fewer rows that neither model has seen, nothing is decided."""

LEAST_RARE_TO_JUDGE = 3
"""Nor with fewer of the less frequent classes: a model that never names them would look best."""

MUCH = 0.1
"""The share by which an error must differ for that to be called much better, or much worse."""

TIE = 0.01
"""An error that is larger by no more than this share is no worse: newer rows are worth that."""

Errors = Callable[[Rows], np.ndarray]
"""Returns one error a row."""

Judgement = Literal["promoted", "refused", "undecided"]

Past = tuple[Rows, float]
"""Rows that followed an older cut, and the recipe's mean error on them, with what was known then.

The newest first.
"""


@dataclass(frozen=True)
class Contender:
    """A version that may answer: what it has learned from, until when, and its errors."""

    version: str
    digest: str
    learned_to: datetime
    errors: Errors
    twin_learned_to: datetime
    twin_errors: Errors


@dataclass(frozen=True)
class Decision:
    """What follows, and why; `back` is the earlier champion that is to answer again."""

    verdict: Judgement
    reason: str
    champion_error: float | None = None
    rows: int | None = None
    back: str | None = None


def decide(
    candidate: Contender,
    champion: Contender | None,
    earlier: Iterable[Contender],
    naive: Errors,
    holdout: Rows,
    past: Iterable[Past] = (),
    unfit: Iterable[str] = (),
    caution: str = "",
) -> Decision:
    """Judge a candidate by the rows since the newest cut, the holdout, and by those before it.

    `unfit` are objections from elsewhere; with a `caution` only what is surely better is promoted.
    """
    rows, rival = unseen(holdout, candidate, champion)
    if reason := _too_few(rows, champion):
        return Decision("undecided", reason)
    mine, of_naive = candidate.twin_errors(rows), naive(rows)
    over_naive = compared("the naive baseline", mine, of_naive)
    objections = [*unfit, *_harmed(candidate, rows, mine)]
    if not over_naive.is_surely_better:
        objections.append(over_naive.doubt())
    if champion is None or rival is None:
        return _first(objections, over_naive, rows)
    rivals = rival(rows)
    against = compared("the champion", mine, rivals)
    objections += [
        *_worse(against, list(_since(champion, past))),
        *([f"{caution} {against.doubt()}"] if caution and not against.is_surely_better else []),
        *worse_slices(rows, mine, rivals),
    ]
    others = {"the candidate": mine, "the champion": rivals, "the naive baseline": of_naive}
    known_less = (one for one in earlier if one.learned_to <= candidate.twin_learned_to)
    back, why = _better_before(known_less, rows, others)
    verdict: Judgement = "refused" if objections or back else "promoted"
    reason = " ".join([*objections, *why]) or f"{against.praise()} of {_span(rows)}."
    return Decision(verdict, reason, against.rivals, len(rows), back)


def _since(champion: Contender, past: Iterable[Past]) -> Iterator[tuple[float, float]]:
    """Yield the mean errors of the recipe and the champion at older cuts that came after it."""
    for asked, error in past:
        if champion.learned_to >= asked.times[0]:
            return
        yield error, float(champion.errors(asked).mean())


def _worse(against: Comparison, older: list[tuple[float, float]]) -> Iterator[str]:
    """Yield that the recipe is worse than the champion, over all cuts since that was trained."""
    weights = OLDER_COUNTS ** np.arange(len(older) + 1)
    pairs = np.array([(against.mine, against.rivals), *older])
    mine, rivals = np.average(pairs, axis=0, weights=weights)
    if mine > rivals * (1 + TIE):
        since = f" over {len(pairs)} periods since then" if older else ""
        yield (
            f"Its {METRIC_NAME} of {mine:.3g} is above the champion's {rivals:.3g}{since}; "
            f"on the newest rows {against.difference()}."
        )


def unseen(
    holdout: Rows, candidate: Contender, champion: Contender | None
) -> tuple[Rows, Errors | None]:
    """Return the rows that neither twin nor rival has learned from, and the rival's errors.

    The rival is the champion; where that has learned from rows that the candidate's twin has not,
    it is the champion's own twin: of two recipes neither may know more.
    """
    if champion is None:
        return holdout, None
    if champion.digest == candidate.digest:  # the same rows, cut in the same place
        return holdout, champion.twin_errors
    if champion.learned_to <= candidate.twin_learned_to:
        return holdout, champion.errors
    return holdout.after(champion.twin_learned_to), champion.twin_errors


def _too_few(rows: Rows, champion: Contender | None) -> str:
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


def _harmed(candidate: Contender, rows: Rows, mine: np.ndarray) -> Iterator[str]:
    """Yield that the newest rows have spoiled what learned from them, should that be so."""
    with_newest = compared("its twin", candidate.errors(rows), mine)
    if with_newest.is_much_worse(MUCH):
        yield (
            f"Trained again with the newest rows, it is much worse on them: "
            f"{with_newest.mine:.3g} after {with_newest.rivals:.3g}."
        )


def _first(objections: list[str], over_naive: Comparison, rows: Rows) -> Decision:
    verdict: Judgement = "refused" if objections else "promoted"
    praise = f"The first model. {over_naive.praise()} of {_span(rows)}."
    return Decision(verdict, " ".join(objections) or praise, None, len(rows))


def worse_slices(rows: Rows, mine: np.ndarray, rivals: np.ndarray) -> Iterator[str]:
    """Yield each value of SLICES for which the candidate is much worse than the champion."""
    features = {name: rows.features[name] for name in SLICES if name in rows.features.columns}
    table = rows.rows.with_columns(**features)
    for name in SLICES:
        for value in table[name].unique().sort():
            mask = (table[name] == value).fill_null(False).to_numpy()
            if mask.sum() < LEAST_TO_JUDGE:
                continue
            of_slice = compared("the champion", mine[mask], rivals[mask])
            if of_slice.is_much_worse(MUCH):
                yield (
                    f"For {name} {value} it is much worse: "
                    f"{of_slice.mine:.3g} after {of_slice.rivals:.3g}."
                )


def _better_before(
    earlier: Iterable[Contender], rows: Rows, others: dict[str, np.ndarray]
) -> tuple[str | None, list[str]]:
    """Return the best earlier champion if it is to answer again, and a sentence.

    It must be much better than the candidate, which will know newer rows once it is promoted, and
    surely better than the others.
    """
    by_error = sorted(((one, one.errors(rows)) for one in earlier), key=lambda of: of[1].mean())
    if not by_error:
        return None, []
    best, its = by_error[0]
    mine, *rest = (compared(name, its, theirs) for name, theirs in others.items())
    if not mine.is_much_better(MUCH) or not all(other.is_surely_better for other in rest):
        return None, []
    praise = f"{mine.praise()}. {rest[0].praise()}."
    return best.version, [f"The earlier champion {best.version} answers again. {praise}"]


def _span(rows: Rows) -> str:
    return f"{rows.times.min():%Y-%m-%d} to {rows.times.max():%Y-%m-%d}"
