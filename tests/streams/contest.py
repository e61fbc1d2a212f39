"""The platform's loop on a stream, week by week, beside what simpler strategies would have done.

Windows, cuts, trials and the rule of promotion are the platform's own functions.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import polars as pl
from core.schema import OUTCOME
from core.tables import KNOWN, TIME
from kinds import ROWS_A_DAY, WEEKS, Stream
from learners import NUMBERS, Learner, Predictor
from processing.training.cuts import MOST_CUTS
from processing.training.rows import Rows
from processing.training.rule import Contender, decide
from processing.training.trials import Trial, best_window, try_windows
from processing.training.window import cut_window

WINDOWS = [15, 30, 60, 90, 365]
MONDAY = datetime(2020, 1, 6)
NO_TIMES = pl.Series([], dtype=pl.Datetime("us"))


class World:
    """A stream as the platform sees it, and the truth by which answers are evaluated."""

    def __init__(self, stream: Stream):
        self.stream, self.learner = stream, Learner(stream)
        features = pl.DataFrame(stream.numbers, schema=NUMBERS)
        features = features.with_columns(group=pl.Series(stream.group))
        fields = {
            TIME: _times(stream.day, np.arange(len(stream.day)) % ROWS_A_DAY / ROWS_A_DAY),
            KNOWN: _times(stream.known, 0.99),
            "origin": stream.group % 3,
            "carrier": stream.group % 7,
        }
        self.reported = Rows(pl.DataFrame(fields | {OUTCOME: stream.reported}), features)
        self.true = Rows(pl.DataFrame(fields | {OUTCOME: stream.true}), features)
        self.edges = np.searchsorted(stream.day, np.arange(WEEKS + 1) * 7)

    def known(self, week: int) -> Rows:
        """Return the rows whose outcome is known when a week begins."""
        rows = self.reported.slice(0, self.edges[week])
        return rows.filter(rows.rows[KNOWN] < monday(week))

    def learned(self, week: int, days: int | None = None) -> Rows:
        """Return what a person learns from then: all rows, or those of so many days.

        Who knows how late outcomes come waits until they are complete.
        """
        rows = self.known(week).until(monday(week) - timedelta(days=self.stream.patience))
        return rows if days is None else rows.newest(days)

    def error(self, predict: Predictor, week: int) -> float:
        """Return the true mean error of answers in a week."""
        asked = self.true.slice(self.edges[week], self.edges[week + 1])
        return float(self.learner.errors(predict, asked).mean())


def monday(week: int) -> datetime:
    """Return when a week begins."""
    return MONDAY + timedelta(weeks=week)


def _times(days: np.ndarray, part: np.ndarray | float) -> pl.Series:
    """Return times, from whole days since the first Monday and a part of the day."""
    microseconds = ((np.floor(days) + part) * 86_400e6).astype(np.int64)
    return pl.Series(microseconds).cast(pl.Duration("us")) + MONDAY


def fixed(world: World) -> dict[str, np.ndarray]:
    """Return the error of each simple strategy by week: frozen, all rows, one window for ever."""
    first = world.learner.fit(world.learned(world.stream.first_week))
    weeks = range(world.stream.first_week, WEEKS)
    strategies = {"frozen": [world.error(first, week) for week in weeks]}
    for days in (None, *WINDOWS):
        fits = ((world.learner.fit(world.learned(week, days)), week) for week in weeks)
        name = "all rows" if days is None else f"{days} days"
        strategies[name] = [world.error(predict, week) for predict, week in fits]
    return {name: np.array(errors) for name, errors in strategies.items()}


@dataclass
class Loop:
    """What the platform keeps between two runs."""

    world: World
    champions: list[Contender] = field(default_factory=list)
    published: dict[str, Predictor] = field(default_factory=dict)
    trials: list[Trial] = field(default_factory=list)
    verdicts: list[str] = field(default_factory=list)
    warned: bool = False

    def run(self, week: int) -> None:
        """Train and judge on all that is known before a week."""
        learner, labelled = self.world.learner, self._labelled(week)
        window = cut_window([], labelled, NO_TIMES, monday(week))
        labelled = window.labelled
        self.warned |= bool(window.lateness.warning)

        def measure(training: Rows, asked: Rows) -> float:
            return float(learner.errors(learner.fit(training), asked).mean())

        self.trials = list(try_windows(window.lessons, WINDOWS, measure, self.trials))
        days = best_window(self.trials)
        twin, refit = window.training(days), labelled.newest(days)
        candidate = self._contender(str(week), refit, twin)
        champion = self.champions[-1] if self.champions else None
        of_window = [trial["error"] for trial in self.trials if trial["days"] == days]
        asked = [asked for _, asked in window.lessons]
        past = list(zip(asked, of_window, strict=False))[1:]
        decision = decide(
            candidate,
            champion,
            list({one.version: one for one in self.champions[:-1]}.values()),
            learner.naive(twin),
            window.holdout,
            past,
        )
        self.verdicts.append(decision.verdict)
        self._follow(decision, candidate)

    def _labelled(self, week: int) -> Rows:
        reach = timedelta(days=max(WINDOWS) + MOST_CUTS * 7)
        return self.world.known(week).after(monday(week) - reach)

    def _contender(self, version: str, refit: Rows, twin: Rows) -> Contender:
        learner = self.world.learner
        self.published[version] = learner.fit(refit)
        fitted = learner.fit(twin)
        return Contender(
            version,
            version,
            refit.times[-1],
            lambda rows: learner.errors(self.published[version], rows),
            twin.times[-1],
            lambda rows: learner.errors(fitted, rows),
        )

    def _follow(self, decision, candidate: Contender) -> None:
        if decision.back:
            back = next(one for one in self.champions if one.version == decision.back)
            self.champions.append(back)
            self.verdicts[-1] = "back"
        elif decision.verdict == "promoted":
            self.champions.append(candidate)


def kept_up_to_date(world: World, every: int = 1) -> tuple[np.ndarray, np.ndarray, Loop]:
    """Return the platform's error by week, that of the best version in hindsight, and the loop."""
    loop, errors, hindsight = Loop(world), [], []
    for week in range(world.stream.first_week, WEEKS):
        if (week - world.stream.first_week) % every == 0:
            loop.run(week)
        of_versions = {
            version: world.error(predict, week) for version, predict in loop.published.items()
        }
        errors.append(of_versions[loop.champions[-1].version])
        hindsight.append(min(of_versions.values()))
    return np.array(errors), np.array(hindsight), loop
