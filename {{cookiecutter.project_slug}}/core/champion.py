"""A published model, ready to answer. NumPy and ONNX Runtime only: nothing of training is needed."""

import hashlib
import json
import math
from collections.abc import Sequence

import numpy as np
import onnxruntime
from obstore.store import ObjectStore

from core import registry
from core.schema import columns, field_types
from core.storage import read
from model.features import features
from model.schema import Question


class Refused(Exception):
    """A model that must not answer; `cause` is one word for metrics, the text a sentence for people."""

    def __init__(self, cause: str, sentence: str):
        super().__init__(sentence)
        self.cause = cause


class Champion:
    """One version of the model with its card."""

    def __init__(self, onnx: bytes, card: dict):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # a row takes 10 µs; waking a second thread takes longer
        self.session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
        self.inputs = [node.name for node in self.session.get_inputs()]
        self.card = card
        self.version = card["version"]

    def predict(self, questions: Sequence[Question]) -> list[float]:
        """One answer for each question, in the outcome's unit."""
        return self.predict_columns(columns(questions)).tolist()

    def predict_columns(self, question_columns: dict[str, np.ndarray]) -> np.ndarray:
        """Answers for questions that are already columns, as `core.schema.columns` makes them."""
        return self.predict_features(features(question_columns))

    def predict_features(self, computed: dict[str, np.ndarray]) -> np.ndarray:
        """Answers for rows whose features, one array each, are computed already."""
        return self.session.run(None, {name: computed[name].reshape(-1, 1) for name in self.inputs})[0].ravel()


def load(models: ObjectStore, version: str) -> Champion:
    """Load a version and try it on its own example. Raises Refused if anything about it is in doubt."""
    card = registry.card(models, version)
    onnx = read(models, f"versions/{version}/model.onnx")
    if f"sha256:{hashlib.sha256(onnx).hexdigest()}" != card["checksum"]:
        raise Refused("checksum", f"Version {version} is not what was published: its checksum differs.")
    if card["fields"] != field_types():
        raise Refused("schema", f"Version {version} was trained for another model/schema.py. Run `make train`.")
    model = Champion(onnx, card)
    example = card["example"]
    answer = model.predict([Question.model_validate_json(json.dumps(example["question"]))])[0]
    if not math.isclose(answer, example["answer"], rel_tol=1e-4, abs_tol=1e-3):
        raise Refused("example", f"Version {version} answers its example with {answer}, not {example['answer']}.")
    return model
