"""Ask the replica in this container its card's example, as a client does.

`python -m prediction.trial` ends with a sentence if the answer is not the card's.
"""

import json
import os
import sys
import time
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from core.inference import alike
from core.settings import settings

PATIENCE = 60.0
"""Seconds until the replica must answer."""

MODEL_PATIENCE = 30.0

direct = build_opener(ProxyHandler({}))


def call(path: str, body: dict | None = None) -> dict:
    """Return what the replica answers. Raise OSError or HTTPException if it does not."""
    headers = {"Authorization": f"Bearer {os.environ['API_KEY']}"}
    data = json.dumps(body).encode() if body is not None else None
    url = f"http://127.0.0.1:{settings().port}{path}"
    with direct.open(Request(url, data, headers), timeout=MODEL_PATIENCE) as reply:
        return json.load(reply)


def health() -> dict:
    """Return the replica's health as soon as it answers; end if it does not in time."""
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            return call("/health")
        except HTTPError as error:
            sys.exit(f"It is not healthy: {json.load(error)['detail']}")
        except (OSError, HTTPException) as error:
            if time.monotonic() > ends:
                sys.exit(f"It does not answer within {PATIENCE:.0f} seconds: {error}.")
            time.sleep(0.5)


def main() -> None:
    if health()["model"] is None:
        return  # none was published yet, so there is nothing to compare
    example = call("/model")["example"]
    try:
        answer = call("/v1/predict", example["question"])
    except (OSError, HTTPException, ValueError) as error:
        sys.exit(f"It does not answer its card's example: {error}.")
    given = answer if "probabilities" in answer else answer["prediction"]
    if not alike(given, example["answer"]):
        sys.exit(f"It answers its card's example with {given}, not {example['answer']}.")


if __name__ == "__main__":
    main()
