"""Puts another version into service: `python -m processing.champion VERSION`, or `--back`."""

import sys

from core import inference, registry
from core.inference import Refused
from core.storage import bucket
from processing.summaries.tables import write_promotions


class NotPromoted(Exception):
    """The text says why, and what can be done."""


def roll_back() -> str:
    """Bring the previous champion back. Returns a sentence; raises NotPromoted."""
    version = registry.previous_champion(bucket("models"))
    if version is None:
        raise NotPromoted(
            "No other version was champion before this one. `make champion VERSION=…` takes any."
        )
    return choose(version, "Rolled back by hand.")


def choose(version: str, reason: str = "Chosen by hand.") -> str:
    """Promote a version that answers as its card says. Returns a sentence; raises NotPromoted."""
    models = bucket("models")
    champion = registry.newest_promotion(models)
    versions = registry.versions(models)
    if version not in versions:
        raise NotPromoted(
            f"There is no version {version}. There are: {', '.join(versions) or 'none yet'}."
        )
    if champion and champion.version == version:
        return f"{version} is the champion already."
    try:
        inference.load(models, version)
        promotion = registry.promote(models, version, reason, after=champion, by_hand=True)
    except (Refused, registry.PromotionLost) as problem:
        raise NotPromoted(str(problem)) from None
    except FileNotFoundError:
        raise NotPromoted(
            f"The model of {version} was deleted: it was never champion, and core/retention.py "
            "says how long such ones are kept. Its card is still there."
        ) from None
    write_promotions()
    return (
        f"{version} is the champion from now on (promotion {promotion.number}); "
        "every replica has it in seconds."
    )


def main(words: list[str]) -> None:
    """Promote the version that is named, or end with a sentence."""
    if len(words) != 1:
        raise SystemExit("Name a version: python -m processing.champion VERSION, or --back.")
    try:
        print(roll_back() if words == ["--back"] else choose(words[0]))
    except NotPromoted as problem:
        raise SystemExit(str(problem)) from None


if __name__ == "__main__":
    main(sys.argv[1:])
