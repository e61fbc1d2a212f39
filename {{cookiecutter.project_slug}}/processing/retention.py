"""Deletes what core/retention.py keeps no longer. As a program it only shows what would go.

Of each kind what others refer to goes last, so that a deletion which is cut short is simply done
again: nothing that is left refers to what is gone.
"""

import logging
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import obstore
from obstore.store import ObjectStore

from core import layout, registry
from core import retention as limits
from core.attempt import Facts, attempt
from core.storage import bucket, listed, names
from processing.answers.turns import turn
from processing.rows.features import features_folder
from processing.rows.raw import ARRIVAL, raw_files, unchecked
from processing.summaries.batches import newest_batches

if TYPE_CHECKING:
    from obstore import ObjectMeta

    Objects = Iterator[list[ObjectMeta]]

log = logging.getLogger(__name__)

AT_ONCE = 500

DAY = re.compile(r"\d{4}/\d\d/\d\d")

OF_ANSWERS = (
    layout.ANSWERS,
    layout.REPORTS,
    layout.ANSWERS_MERGED,
    layout.REPORTS_MERGED,
    layout.JOINED,
    layout.KEYS_BY_DAY,
    layout.REPORTS_BY_HOUR,
    layout.ANSWERS_BY_HOUR,
    layout.HOURS_JOINED,
)
"""In this order: a merged object hides originals that a merging left behind, so these go first."""


class Kind(NamedTuple):
    """Something that is kept for so many days; `old` yields what is older, in portions."""

    name: str
    bucket: str
    days: int | None
    old: "Callable[[ObjectStore, datetime], Objects]"


def answers(predictions: ObjectStore, before: datetime) -> "Objects":
    """Yield what is stored by the hour, folder by folder."""
    last = f"{before:%Y/%m/%d}"
    for folder in OF_ANSWERS:
        items = listed(predictions, folder)
        days = [item["path"].removeprefix(f"{folder}/")[:10] for item in items]
        of_days = zip(days, items, strict=True)
        yield [item for day, item in of_days if DAY.fullmatch(day) and day < last]


def rejected(processed: ObjectStore, before: datetime) -> "Objects":
    """Yield rejected rows of files that came before."""
    last, items = f"{before:{ARRIVAL}}", listed(processed, layout.REJECTED)
    yield [item for item in items if PurePosixPath(item["path"]).name < last]


def raw(store: ObjectStore, before: datetime) -> "Objects":
    """Yield raw files that have been checked."""
    waiting = {file.path for file in unchecked(store, bucket("processed"))}
    ours = {file.path for file in raw_files(store)} - waiting
    yield [item for item in _older(listed(store, ""), before) if item["path"] in ours]


def models(store: ObjectStore, before: datetime) -> "Objects":
    """Yield models that were never champion, but for those since the last promotion."""
    promotions = registry.promotions(store)
    if len(promotions) < len(names(store, layout.PROMOTIONS)):
        raise ValueError("A promotion can't be read, so nobody can say which models were champion.")
    if not promotions:
        return
    since = datetime.fromisoformat(promotions[-1].time)
    champions = {promotion.version for promotion in promotions}
    items = _older(listed(store, layout.VERSIONS), min(before, since))
    yield [item for item in items if _is_model(item["path"]) and _version(item) not in champions]


def features(processed: ObjectStore, before: datetime) -> "Objects":
    """Yield features by earlier code."""
    items = _older(listed(processed, layout.FEATURES), before)
    yield [item for item in items if not item["path"].startswith(f"{features_folder()}/")]


def batches(predictions: ObjectStore, before: datetime) -> "Objects":
    """Yield batches that no board shows: their month has been predicted by a later champion."""
    shown, items = newest_batches(), _older(listed(predictions, layout.BATCHES), before)
    yield [item for item in items if item["path"] not in shown]


def markers(processed: ObjectStore, before: datetime) -> "Objects":
    """Yield the markers of finished runs, but for the newest."""
    oldest_first = sorted(listed(processed, layout.RUNS), key=lambda item: item["last_modified"])
    yield _older(oldest_first[:-1], before)


KINDS = (
    Kind("answers and outcomes", "predictions", limits.ANSWERS, answers),
    Kind("rejected rows", "processed", limits.REJECTED_ROWS, rejected),
    Kind("raw files", "raw", limits.RAW_FILES, raw),
    Kind("models that were never champion", "models", limits.NEVER_CHAMPION, models),
    Kind("features by earlier code", "processed", limits.EARLIER_CODE, features),
    Kind("batches of earlier champions", "predictions", limits.BATCHES, batches),
    Kind("markers of finished runs", "processed", limits.FINISHED_RUNS, markers),
)


def delete_old(now: datetime | None = None) -> dict[str, Facts]:
    """Delete what is kept no longer. Returns what came of each kind; one that fails stops none."""
    with turn("rows"), turn("truth"):
        return {kind.name: attempt(kind.name, partial(_delete, kind, now)) for kind in KINDS}


def _delete(kind: Kind, now: datetime | None) -> Facts:
    store, objects, size = bucket(kind.bucket), 0, 0
    for portion in _old(kind, now):
        for start in range(0, len(portion), AT_ONCE):
            some = portion[start : start + AT_ONCE]
            obstore.delete(store, [item["path"] for item in some])
            objects += len(some)
            size += sum(item["size"] for item in some)
    log.info("Deleted of %s: %d objects, %d bytes", kind.name, objects, size)
    return {"objects": objects, "bytes": size}


def _old(kind: Kind, now: datetime | None) -> "Objects":
    if kind.days is not None:
        before = (now or datetime.now(UTC)) - timedelta(days=kind.days)
        yield from kind.old(bucket(kind.bucket), before)


def _older(items: "list[ObjectMeta]", before: datetime) -> "list[ObjectMeta]":
    return [item for item in items if item["last_modified"] < before]


def _is_model(path: str) -> bool:
    return path.endswith(".onnx")


def _version(item: "ObjectMeta") -> str:
    return PurePosixPath(item["path"]).parent.name


def table(now: datetime | None = None) -> Iterator[str]:
    """Yield the lines of a table of what would go."""
    yield f"{'what':<34}{'kept for':>10}{'would go':>10}{'MB':>10}  the oldest is of"
    for kind in KINDS:
        items = [item for portion in _old(kind, now) for item in portion]
        kept = f"{kind.days} days" if kind.days is not None else "ever"
        size = sum(item["size"] for item in items) / 1e6
        oldest = min((f"{item['last_modified']:%Y-%m-%d}" for item in items), default="")
        yield f"{kind.name:<34}{kept:>10}{len(items):>10,}{size:>10,.1f}  {oldest}".rstrip()


def main() -> None:
    """Show what would go today."""
    for line in table():
        print(line)
    replaced = ", ".join(
        f"{days} days in {name}" if days else f"for ever in {name}"
        for name, days in limits.REPLACED.items()
    )
    print(f"\nWhat was overwritten or deleted can be restored: {replaced}.")
    print("Nothing was deleted. core/retention.py says what goes each night, and is yours.")


if __name__ == "__main__":
    main()
