"""Make an API key in ACCESS_FOLDER, and print it with the champion's example of a question."""

import json

from core.keys import add
from core.registry import card, newest_promotion
from core.settings import settings
from core.storage import bucket

models = bucket("models")
example = card(models, newest_promotion(models).version)["example"]
key = add(settings().access_folder / "api-keys.json", "bench", ["predict"])
print(json.dumps({"key": key, "question": example["question"]}))
