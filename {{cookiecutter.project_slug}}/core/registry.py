"""Model versions and promotions in the bucket `models`.

A version is a folder, written once. A promotion is a numbered object, written only if absent: the
highest number is the champion, two runs can't both promote, and the list is the audit trail.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from obstore.store import ObjectStore

from core.storage import create, names, read


class PromotionLost(Exception):
    """Another run promoted first."""


@dataclass(frozen=True)
class Promotion:
    number: int
    version: str
    time: str
    reason: str


def keep(models: ObjectStore, version: str, onnx: bytes) -> bytes:
    """Store a version's model and return it, or the one that is there, from a run that died or works at the same time.

    Conversion gives other bytes each time, and the card must describe those that are stored.
    """
    path = f"versions/{version}/model.onnx"
    return onnx if create(models, path, onnx) else read(models, path)


def publish(models: ObjectStore, version: str, onnx: bytes, card: dict) -> bool:
    """Store a version, the card last: a version without a card does not exist yet. False if it exists."""
    keep(models, version, onnx)
    return create(
        models,
        f"versions/{version}/card.json",
        json.dumps(card, indent=1, allow_nan=False).encode(),
    )


def versions(models: ObjectStore) -> list[str]:
    """Every published version, by the end of its training window."""
    return [name.split("/")[1] for name in names(models, "versions") if name.endswith("/card.json")]


def card(models: ObjectStore, version: str) -> dict:
    """What is known of a version. Raises FileNotFoundError if it was never published."""
    return json.loads(read(models, f"versions/{version}/card.json"))


def promotions(models: ObjectStore) -> list[Promotion]:
    """Every promotion, oldest first."""
    return [_promotion(models, name) for name in names(models, "promotions")]


def newest_promotion(models: ObjectStore) -> Promotion | None:
    """The newest promotion, or None when nothing has been promoted yet."""
    numbered = names(models, "promotions")
    return _promotion(models, numbered[-1]) if numbered else None


def promote(models: ObjectStore, version: str, reason: str, after: Promotion | None) -> Promotion:
    """Make a published version the champion in place of `after`, the champion it was compared with.

    Raises PromotionLost if there has been another promotion since.
    """
    card(models, version)
    number = after.number + 1 if after else 1
    promotion = Promotion(number, version, datetime.now(UTC).isoformat(timespec="seconds"), reason)
    if not create(models, f"promotions/{number:08}.json", json.dumps(asdict(promotion)).encode()):
        raise PromotionLost(
            f"Another run made promotion {number} first; {version} was not promoted."
        )
    return promotion


def before(models: ObjectStore) -> str | None:
    """The version that was champion before the current one, as a rollback brings it back; None if there is none.

    A version that was rolled back is no predecessor of anything any more, so two rollbacks go two steps back.
    """
    line: list[str] = []
    for promotion in promotions(models):
        if promotion.version in line:
            del line[line.index(promotion.version) :]
        line.append(promotion.version)
    return line[-2] if len(line) > 1 else None


def _promotion(models: ObjectStore, name: str) -> Promotion:
    return Promotion(**json.loads(read(models, name)))
