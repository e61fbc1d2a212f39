"""A version that uses the processor for some hundred milliseconds before each answer."""

import ast

from conftest import UNBAKED
from running import Stack

SMALL_MODEL = UNBAKED.joinpath("tests", "small_model.py").read_text(encoding="utf-8")
(BURNING,) = [
    ast.get_source_segment(SMALL_MODEL, node)
    for node in ast.parse(SMALL_MODEL).body
    if isinstance(node, ast.FunctionDef) and node.name == "burning"
]
"""The project's own tests make such a model too; a container has no tests."""

PUBLISH = """
import numpy as np
from onnx import helper, load_from_string, numpy_helper
from core import registry
from core.inference import OnnxModel, checksum, processor_seconds
from core.storage import bucket, read
from model.schema import Question
{burning}

models = bucket("models")
first = registry.newest_promotion(models).version
content = read(models, f"versions/{{first}}/model.onnx")
card = registry.card(models, first)
question = Question.model_validate(card["example"]["question"], strict=False)

def took(onnx):
    model = OnnxModel(onnx)
    return processor_seconds(lambda: model.predict([question]))

products = 10
for _ in range(2):
    products = round(products * {seconds} / took(burning(content, products)))
slow = burning(content, products)
seconds = took(slow)
version = f"{{first[:8]}}-slow"
changes = {{"version": version, "checksum": checksum(slow), "milliseconds": seconds * 1000}}
registry.publish(models, version, slow, card | changes)
registry.promote(models, version, "a test", after=registry.newest_promotion(models))
print(version, products, seconds)
"""


def promote_slow(stack: Stack, seconds: float) -> str:
    """Publish the champion once more, so slow, and promote it; return the version."""
    said = stack.inside("processing", PUBLISH.format(burning=BURNING, seconds=seconds))
    print(f"  {said.strip()}")
    return said.split()[-3]
