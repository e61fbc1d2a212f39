"""A published model, ready to answer, with NumPy and ONNX Runtime only: no training packages."""

import hashlib
import json
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnxruntime
from obstore.store import ObjectStore

from core import features, registry
from core.card import Card
from core.schema import CLASS_NAMES, CLASSES, columns, field_types, in_order
from core.storage import read
from model.schema import Question

MOST_TRIES, ENOUGH = 5, 0.05
"""How often, and for how many seconds, a model is tried to see how long it takes."""


class Refused(Exception):
    """A model that must not answer; `cause` is one word for metrics, the text is for people."""

    def __init__(self, cause: str, sentence: str):
        super().__init__(sentence)
        self.cause = cause


class OnnxModel:
    """An ONNX session that is asked with questions, their columns, or their features."""

    def __init__(self, onnx: bytes):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # a row takes 10 µs; waking a second thread takes longer
        self.session = onnxruntime.InferenceSession(
            onnx, options, providers=["CPUExecutionProvider"]
        )
        self.inputs = [node.name for node in self.session.get_inputs()]
        properties = self.session.get_modelmeta().custom_metadata_map
        self.classes = json.loads(properties.get("classes", "null"))

    def predict(self, questions: Sequence[Question]) -> list[Any]:
        """Return one answer for each question, as `as_json` writes it."""
        return as_json(self.predict_columns(columns(questions)))

    def predict_columns(self, question_columns: dict[str, np.ndarray]) -> np.ndarray:
        """Return answers for questions that are already columns, as `core.schema.columns` makes."""
        return self.predict_features(features.compute(question_columns))

    def predict_features(self, computed: dict[str, np.ndarray]) -> np.ndarray:
        """Return answers for rows whose features, one array each, are computed already.

        One number a row, or for classes one row of probabilities in the order of CLASSES.
        """
        inputs = {name: computed[name].reshape(-1, 1) for name in self.inputs}
        outputs = [np.asarray(output) for output in self.session.run(None, inputs)]
        return in_order(outputs[1], self.classes) if self.classes else outputs[0].ravel()


class Model(OnnxModel):
    """A published version: the ONNX model with its card."""

    def __init__(self, onnx: bytes, card: Card):
        super().__init__(onnx)
        self.card = card
        self.version = card["version"]
        self.seconds = card.get("milliseconds", 0.0) / 1000
        """How long one question takes."""


def as_json(answers: np.ndarray) -> list[Any]:
    """Return answers as people get them: numbers in the outcome's unit, or classes.

    An answer of classes is `{"prediction": …, "probabilities": {…}}`.
    """
    if answers.ndim == 1:
        return answers.tolist()
    likeliest = answers.argmax(axis=1)
    return [
        {"prediction": CLASSES[place], "probabilities": dict(zip(CLASS_NAMES, row, strict=True))}
        for place, row in zip(likeliest, answers.tolist(), strict=True)
    ]


def alike(answer: Any, other: Any) -> bool:
    """Return whether two answers differ in the last digits only; processors round differently."""
    if CLASSES:
        return answer["prediction"] == other["prediction"] and _alike_probabilities(
            answer["probabilities"], other["probabilities"]
        )
    return math.isclose(answer, other, rel_tol=1e-4, abs_tol=1e-3)


def _alike_probabilities(mine: dict[str, float], others: dict[str, float]) -> bool:
    return mine.keys() == others.keys() and all(
        math.isclose(mine[name], others[name], abs_tol=1e-3) for name in mine
    )


def load(models: ObjectStore, version: str) -> Model:
    """Load a version and try it on its own example. Raises Refused if anything is in doubt."""
    card = registry.card(models, version)
    onnx = read(models, registry.model_path(version))
    if checksum(onnx) != card["checksum"]:
        raise Refused(
            "checksum", f"Version {version} is not what was published: its checksum differs."
        )
    if card["fields"] != field_types():
        raise Refused(
            "schema",
            f"Version {version} was trained for another model/schema.py. Run `make train`.",
        )
    model = Model(onnx, card)
    example = card["example"]
    question = Question.model_validate_json(json.dumps(example["question"]))
    answer = model.predict([question])[0]
    if not alike(answer, example["answer"]):
        raise Refused(
            "example",
            f"Version {version} answers its example with {answer}, not {example['answer']}.",
        )
    measured = processor_seconds(lambda: model.predict([question]))
    model.seconds = max(model.seconds, measured)
    return model


def processor_seconds(work: Callable[[], Any]) -> float:
    """Return the seconds of a processor that this work takes, the least of some tries.

    The clock would also count what others do on a busy machine.
    """
    tried: list[float] = []
    while len(tried) < MOST_TRIES and sum(tried) < ENOUGH:
        begun = time.thread_time()
        work()
        tried.append(time.thread_time() - begun)
    return min(tried)


def checksum(onnx: bytes) -> str:
    """Return the checksum that the card holds."""
    return f"sha256:{hashlib.sha256(onnx).hexdigest()}"
