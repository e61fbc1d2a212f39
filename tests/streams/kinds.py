"""Streams whose truth is known: each a way in which the world may change, or not, over two years.

A row is of one of GROUPS groups and has three numbers. What the world does not say of an outcome is
noise, so no model has an error of 0.
"""

from dataclasses import dataclass

import numpy as np

GROUPS = 40
ROWS_A_DAY = 40
WEEKS = 104
DAYS = 7 * WEEKS


@dataclass(frozen=True)
class Stream:
    """Rows by day: numbers, group, the outcome as reported and as it is, and when it is known.

    Outcomes are numbers, or places of classes where `classes` says of how many. `patience` are the
    days after which all but a few outcomes are known. The first model is trained before
    `first_week`.
    """

    day: np.ndarray
    numbers: np.ndarray
    group: np.ndarray
    reported: np.ndarray
    true: np.ndarray
    known: np.ndarray
    classes: int = 0
    learner: str = "linear"
    patience: int = 0
    first_week: int = 12


class World:
    """Random rows, and what a world without change says of them."""

    def __init__(self, seed: int):
        self.random = np.random.default_rng(seed)
        rows = DAYS * ROWS_A_DAY
        self.day = np.repeat(np.arange(DAYS), ROWS_A_DAY)
        self.year = self.day / 364
        self.numbers = self.random.normal(size=(rows, 3))
        self.group = self.random.integers(0, GROUPS, rows)
        self.outcome = 10 + self.by_group() + self.numbers @ [2.0, -1.0, 1.0]
        self.noise = 2 * self.random.normal(size=rows)

    def by_group(self, size: float = 3) -> np.ndarray:
        """Return an effect that each group has, for each row."""
        return self.random.normal(size=GROUPS)[self.group] * size

    def stream(self, outcome: np.ndarray, reported: np.ndarray | None = None, **how) -> Stream:
        """Return the stream of these outcomes, known on their day unless said otherwise."""
        told = outcome if reported is None else reported
        how = {"known": self.day} | how
        return Stream(self.day, self.numbers, self.group, told, outcome, **how)


def stationary(seed: int) -> Stream:
    """Nothing changes."""
    world = World(seed)
    return world.stream(world.outcome + world.noise)


def season(seed: int) -> Stream:
    """Level, groups and one number's effect go round with the year."""
    world = World(seed)
    turn = 2 * np.pi * world.year
    by_season = (4 + world.by_group(2)) * np.sin(turn) + 2 * world.numbers[:, 0] * np.cos(turn)
    return world.stream(world.outcome + by_season + world.noise)


def step(seed: int) -> Stream:
    """Twice everything is different from one day to the next."""
    world = World(seed)
    first = (world.day >= 0.4 * DAYS) * world.by_group()
    second = (world.day >= 0.7 * DAYS) * (3 * world.numbers[:, 1] - 4)
    return world.stream(world.outcome + first + second + world.noise)


def growth(seed: int) -> Stream:
    """All becomes ten times as large."""
    world = World(seed)
    return world.stream((world.outcome + world.noise) * 10 ** (world.year / 2))


def walk(seed: int) -> Stream:
    """All effects go their random ways, day by day."""
    world = World(seed)
    ways = np.cumsum(0.1 * world.random.normal(size=(DAYS, 4)), axis=0)[world.day]
    moved = 2 * ways[:, 0] + (world.numbers * ways[:, 1:]).sum(axis=1)
    return world.stream(world.outcome + moved + world.noise)


def heavy_tails(seed: int) -> Stream:
    """Noise without a variance, in a world that drifts a little; medians of groups are learned."""
    world = World(seed)
    noise = 1.5 * world.random.standard_t(1.6, size=len(world.day))
    drift = world.year * world.by_group(1)
    return world.stream(world.outcome + drift + noise, learner="medians")


def poisoned(seed: int) -> Stream:
    """For four weeks the reported outcomes are those of other rows; there is some drift."""
    world = World(seed)
    true = world.outcome + world.year * world.numbers[:, 0] + world.noise
    reported, month = true.copy(), (world.day >= 60 * 7) & (world.day < 64 * 7)
    reported[month] = world.random.permutation(reported[month])
    return world.stream(true, reported)


def regimes(seed: int) -> Stream:
    """Two worlds take turns, half a year each; nobody can save the first week after a turn."""
    world = World(seed)
    other = world.by_group() + 3
    return world.stream(world.outcome + (world.day // 182 % 2) * other + world.noise)


def _classes(world: World, scores: np.ndarray) -> np.ndarray:
    """Draw a class for each row; scores are logarithms of odds."""
    odds = np.exp(scores)
    shares = (odds / odds.sum(axis=1, keepdims=True)).cumsum(axis=1)
    return (shares < world.random.random(len(world.day))[:, None]).sum(axis=1)


def coming_and_going(seed: int) -> Stream:
    """Of three classes one comes and goes with the half-years, and the others change sides."""
    world = World(seed)
    scores = np.column_stack([world.numbers[:, :2], np.zeros(len(world.day))]) * 1.5
    scores[:, 0] += world.by_group(1) + (world.day > DAYS / 2) * 2 * world.numbers[:, 2]
    scores[:, 2] += np.where(world.day // 182 % 2, 1.0, -5.0)
    outcome = _classes(world, scores)
    return world.stream(outcome, classes=3, learner="logistic")


def one_class_late(seed: int) -> Stream:
    """Of two classes one is known within days, as cancellations are, the other after months."""
    world = World(seed)
    scores = np.column_stack([np.zeros(len(world.day)), world.numbers @ [1.5, -1, 0.5] - 0.5])
    scores[:, 1] += world.by_group(0.7) + world.year * world.numbers[:, 0]
    outcome = _classes(world, scores)
    ahead = world.random.gamma(2, 20, size=len(world.day))
    early = ahead * world.random.random(len(ahead)) ** 2
    known = world.day + np.where(outcome == 1, early, ahead)
    return world.stream(
        outcome, classes=2, learner="logistic", known=known, patience=120, first_week=30
    )


KINDS = {
    kind.__name__.replace("_", " "): kind
    for kind in (
        stationary,
        season,
        step,
        growth,
        walk,
        heavy_tails,
        poisoned,
        regimes,
        coming_and_going,
        one_class_late,
    )
}
