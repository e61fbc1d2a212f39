"""The champion in service: follows the newest promotion, and on any doubt keeps the model it has."""

import asyncio
import logging
import threading
import time

from obstore.exceptions import BaseError as StorageError
from obstore.store import ObjectStore

from core.inference import Model, Refused, load
from core.registry import Promotion, newest_promotion
from prediction.metrics import CHAMPION, CHAMPION_LOADED, CHAMPION_REFUSED
from prediction.problems import Problem

log = logging.getLogger(__name__)


class Champions:
    """`current` is the model that answers, or None. `look`, called every two seconds, replaces it."""

    def __init__(self, models: ObjectStore, patience: float = 60.0):
        self.models = models
        self.patience = patience
        self.current: Model | None = None
        self.promoted: str | None = None
        self.looking = threading.Lock()
        self.looked = threading.Event()
        self.number = 0
        self.refused = 0
        self.refused_until = 0.0
        self.storage_away = False

    @property
    def healthy(self) -> bool:
        """False only where a model was promoted and this replica trusts none."""
        return self.current is not None or not self.refused

    def trusted(self) -> Model:
        """The model that answers. Raises a Problem if there is none."""
        if self.current is None:
            raise Problem(
                503,
                "No model has been published yet. Ask again in a while.",
                headers={"Retry-After": "5"},
            )
        return self.current

    async def trusted_now(self) -> Model:
        """As `trusted`, but a replica without a model looks once more before it says so.

        Right after the first promotion another replica may have answered already.
        """
        if self.current is None and not self.storage_away:
            await asyncio.to_thread(self.look)
        return self.trusted()

    def look(self) -> None:
        """Load the newest promotion if it is another one than before, or wait a moment for a thread that does."""
        if not self.looking.acquire(timeout=1):
            return
        try:
            self.follow(newest_promotion(self.models))
            self.storage_away = False
        except StorageError as error:
            if not self.storage_away:
                log.warning(
                    "Storage can't be asked for the champion (%s); serving goes on.", _short(error)
                )
            self.storage_away = True
        finally:
            self.looking.release()
            self.looked.set()

    def follow(self, promotion: Promotion | None) -> None:
        if promotion is None or promotion.number == self.number:
            return
        if promotion.number == self.refused and time.monotonic() < self.refused_until:
            return
        try:
            self.install(load(self.models, promotion.version), promotion)
        except Refused as error:
            self.refuse(promotion, error.cause, str(error))
        except FileNotFoundError:
            self.refuse(promotion, "missing", f"Version {promotion.version} is not in storage.")
        except StorageError:
            raise
        except Exception as error:
            self.refuse(
                promotion, "broken", f"Version {promotion.version} can't be loaded: {_short(error)}"
            )

    def install(self, model: Model, promotion: Promotion) -> None:
        self.current, self.promoted, self.number, self.refused = (
            model,
            promotion.time,
            promotion.number,
            0,
        )
        CHAMPION.clear()
        CHAMPION.labels(model.version).set(1)
        CHAMPION_LOADED.set_to_current_time()
        log.info("Version %s answers from now on (promotion %s).", model.version, promotion.number)

    def refuse(self, promotion: Promotion, cause: str, sentence: str) -> None:
        """Say so once; look at this promotion again after a while, as a damaged object may be mended."""
        if promotion.number != self.refused:
            CHAMPION_REFUSED.labels(cause).inc()
            kept = (
                f"{self.current.version} goes on answering"
                if self.current
                else "there is no model to answer with"
            )
            log.error(
                "Promotion %s is refused: %s %s.", promotion.number, sentence, kept.capitalize()
            )
        self.refused, self.refused_until = promotion.number, time.monotonic() + self.patience


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".split("\n")[0][:200]
