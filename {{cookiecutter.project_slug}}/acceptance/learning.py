"""A model of the sample, made by the whole pipeline in a folder of its own."""

import io
import os
from dataclasses import dataclass
from pathlib import Path

from acceptance.conftest import problem
from acceptance.sample import Sample
from core import registry
from core.card import Card
from core.settings import settings
from core.storage import bucket
from processing.steps import run_steps

LEARNED_FROM = 4_000
"""So many rows of the sample train and evaluate: more would take longer than seconds."""


@dataclass(frozen=True)
class Learned:
    """What came of the sample: the candidate's card, and the gate's verdict on it."""

    card: Card
    verdict: str
    reason: str


def learn(sample: Sample, folder: Path) -> Learned:
    """Run every step on some rows of the sample. A step that fails is a problem."""
    os.environ["STORAGE_URL"] = folder.joinpath("data").as_uri()
    settings.cache_clear()
    some = sample.raw.sample(min(LEARNED_FROM, len(sample)), seed=0)
    content = io.BytesIO()
    some.write_parquet(content)
    bucket("raw").put("sample.parquet", content.getvalue())
    facts = dict(run_steps(without="raw"))
    for name, fact in facts.items():
        if "problem" in fact:
            problem(f"The step {name} of the pipeline fails: {fact['problem']}")
    if "version" not in facts["candidate"]:
        problem(f"No model was trained. {facts['candidate']['reason']}")
    verdict, version = facts["champion"], facts["candidate"]["version"]
    models = bucket("models")
    if registry.newest_promotion(models) is None:  # the tests ask it all the same
        registry.promote(models, version, "to try it", after=None)
    return Learned(registry.card(models, version), verdict["verdict"], verdict["reason"])
