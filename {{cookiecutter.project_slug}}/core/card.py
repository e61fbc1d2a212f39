"""The card of a model: all that is known of a published version, stored beside it as JSON."""

from typing import Any, NotRequired

from pydantic import ConfigDict
from typing_extensions import TypedDict

Span = TypedDict("Span", {"from": str, "to": str})
"""The first and last event time of some rows, as ISO text."""


class OutcomeName(TypedDict):
    """What the model predicts, and in which unit."""

    name: str
    unit: str


class TrainingWindow(Span):
    """The rows that the model learned from; the digest names the parts they were read from."""

    days: int
    digest: str


class Twin(Span):
    """What the twin learned from: as many days that end before the evaluation rows begin."""

    rows: int
    checksum: str


class Trial(TypedDict):
    """The mean error of what learned from the days before a cut, on the rows that followed."""

    days: int
    cut: str
    until: str
    rows: int
    error: float


class KnownAfter(TypedDict):
    """After how many days half of some outcomes are known, and 90 % of them."""

    half: int
    ninety: int


class Outcomes(TypedDict):
    """How late outcomes come: of all, and of each class, or of smaller numbers and larger ones.

    Rows younger than `horizon` days neither taught nor judged. `missing` is the share of the newest
    rows without an outcome.
    """

    of_all: KnownAfter
    of_groups: dict[str, KnownAfter]
    horizon: int
    missing: float
    warning: str


class RowCounts(TypedDict):
    """How many rows trained and evaluated; of how many the training rows are a sample."""

    training: int
    sampled_from: int
    judging: int


class Cost(TypedDict):
    """How many trainings a version took, and how many seconds of one core, with all around them."""

    trainings: int
    core_seconds: float


class Parity(TypedDict):
    """How far the ONNX model's answers are from scikit-learn's, on so many rows."""

    rows: int
    largest_difference: float


class ErrorsByAnswer(TypedDict):
    """The mean error of the evaluation rows by their answer: below, between and above `edges`.

    Of classes an answer counts by the probability of the likeliest.
    """

    edges: list[float]
    errors: list[float]


class Example(TypedDict):
    """A question and the model's answer: every replica tries it before it serves the model."""

    question: dict[str, Any]
    answer: Any


class Versioned(TypedDict):
    """What a card must have to be read at all: other releases may write other fields."""

    __pydantic_config__ = ConfigDict(extra="allow")  # pyrefly: ignore  pydantic reads it

    version: str


class Card(Versioned):
    """All that is known of a version, which has learned from the newest rows too.

    Metrics are those of its twin on the evaluation rows: the same recipe, which never saw them.
    """

    task: str
    created: str
    causes: list[str]
    outcome: OutcomeName
    metrics: dict[str, float]
    window: TrainingWindow
    twin: NotRequired[Twin]
    judged_on: Span
    outcomes: NotRequired[Outcomes]
    rows: RowCounts
    features: dict[str, str]
    fields: dict[str, str]
    schema: dict[str, Any]
    packages: dict[str, str]
    code: str
    parity: Parity
    milliseconds: float
    reference: dict[str, Any]
    errors_by_answer: NotRequired[ErrorsByAnswer]
    cost: NotRequired[Cost]
    gaps: NotRequired[dict[str, float]]
    warnings: NotRequired[list[str]]
    example: Example
    trials: NotRequired[list[Trial]]
    checksum: str
