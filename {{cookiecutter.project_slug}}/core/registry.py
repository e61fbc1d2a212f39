"""Model versions and promotions in the bucket `models`.

A version is a folder, written once. A promotion is a numbered object, written only if absent: the
highest number is the champion, two runs can't both promote, and the list is the audit trail.
"""

import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import cast

from obstore.store import ObjectStore

from core.card import Card, Versioned
from core.documents import Count, Documents, Time, Unreadable
from core.layout import PROMOTIONS, VERSIONS
from core.retries import TryAgain
from core.storage import as_json, create, names, read


class PromotionLost(TryAgain):
    """Raised when another run promoted first."""


@dataclass(frozen=True)
class Promotion:
    """One line of the audit trail: from `time` on, `version` is the champion.

    Where a person chose an earlier champion, what came after it was rolled back.
    """

    number: Count
    version: str
    time: Time
    reason: str
    by_hand: bool = True  # of a version's second promotion; older releases know no other


CARDS = Documents(VERSIONS, Versioned)
PROMOTION_DOCUMENTS = Documents(PROMOTIONS, Promotion)
NUMBERED = re.compile(r"/\d{8}\.json$")


def model_path(version: str) -> str:
    """Return where the ONNX model of a version lies."""
    return f"{VERSIONS}/{version}/model.onnx"


def card_path(version: str) -> str:
    """Return where the card of a version lies."""
    return f"{VERSIONS}/{version}/card.json"


def twin_path(version: str) -> str:
    """Return where a version's judged twin lies, which has not learned from the newest rows."""
    return f"{VERSIONS}/{version}/twin.onnx"


def keep(models: ObjectStore, path: str, onnx: bytes) -> bytes:
    """Store an ONNX model unless there is one, and return the one that is stored.

    Conversion gives other bytes each time, and the card must describe those that are stored.
    """
    return onnx if create(models, path, onnx) else read(models, path)


def publish(models: ObjectStore, version: str, onnx: bytes, card: Card) -> bool:
    """Store a version, the card last: a version without a card does not exist yet.

    Returns False if it exists.
    """
    keep(models, model_path(version), onnx)
    return create(models, card_path(version), as_json(card))


def versions(models: ObjectStore) -> list[str]:
    """Return every published version, by the end of its training window."""
    paths = names(models, VERSIONS)
    return [path.split("/")[1] for path in paths if path.endswith("/card.json")]


def card(models: ObjectStore, version: str) -> Card:
    """Return the card of a version.

    Raises FileNotFoundError if it was never published, core.documents.Unreadable if it is broken.
    """
    return cast(Card, CARDS.read(models, card_path(version)))


def promotions(models: ObjectStore) -> list[Promotion]:
    """Return every promotion, oldest first. One that can't be read is passed over."""
    return PROMOTION_DOCUMENTS.read_all(models)


def newest_promotion(models: ObjectStore) -> Promotion | None:
    """Return the promotion of today's champion, or None before the first one.

    One that can't be read is passed over.
    """
    return _newest_readable(models, names(models, PROMOTIONS))


def _newest_readable(models: ObjectStore, paths: list[str]) -> Promotion | None:
    for path in reversed(paths):
        try:
            return PROMOTION_DOCUMENTS.read(models, path)
        except Unreadable:
            continue
    return None


def promote(
    models: ObjectStore, version: str, reason: str, after: Promotion | None, by_hand: bool = False
) -> Promotion:
    """Make a published version the champion in place of `after`, which it was compared with.

    Raises PromotionLost if there has been another promotion since.
    """
    card(models, version)
    # One look for both: a promotion that comes after it takes the number that follows here.
    paths = [path for path in names(models, PROMOTIONS) if NUMBERED.search(path)]
    newest = _newest_readable(models, paths)
    if newest and newest != after:
        raise _lost(newest.number, version)
    number = int(PurePosixPath(paths[-1]).stem) + 1 if paths else 1
    now = datetime.now(UTC).isoformat(timespec="seconds")
    promotion = Promotion(number, version, now, reason, by_hand)
    content = json.dumps(asdict(promotion)).encode()
    if not create(models, f"{PROMOTIONS}/{number:08}.json", content):
        raise _lost(number, version)
    return promotion


def _lost(number: int, version: str) -> PromotionLost:
    return PromotionLost(f"Another run made promotion {number} first; {version} was not promoted.")


def champions(models: ObjectStore) -> list[str]:
    """Return today's champion, last, and those before it that were not rolled back.

    A version that was rolled back precedes nothing any more, so two rollbacks go two steps back.
    """
    line: list[str] = []
    for promotion in promotions(models):
        if promotion.by_hand and promotion.version in line:
            del line[len(line) - 1 - line[::-1].index(promotion.version) :]
        line.append(promotion.version)
    return line


def previous_champion(models: ObjectStore) -> str | None:
    """Return the version that a rollback brings back, or None if there is none."""
    return next(iter(champions(models)[-2:-1]), None)
