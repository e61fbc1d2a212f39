"""The champion in service: follows the newest promotion, or keeps its model if that is in doubt."""

import asyncio
import logging
import threading
import time

from obstore.exceptions import BaseError as StorageError
from obstore.store import ObjectStore

from core.inference import Model, Refused, load
from core.registry import Promotion, newest_promotion
from prediction.metrics import CHAMPION, CHAMPION_LOADED, CHAMPION_REFUSED, expect_answers
from prediction.problems import Problem

log = logging.getLogger(__name__)


class Champions:
    """Holds the model that answers in `current`; `look`, called every two seconds, replaces it."""

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
        """Return False only where a model was promoted and this replica trusts none."""
        return self.current is not None or not self.refused

    def trusted(self) -> Model:
        """Return the model that answers. Raise a Problem if there is none."""
        if self.current is None:
            raise Problem(
                503,
                "No model has been published yet. Ask again in a while.",
                headers={"Retry-After": "5"},
            )
        return self.current

    async def trusted_now(self) -> Model:
        """Return the same as `trusted`, but without a model look once more before refusing.

        Right after the first promotion, another replica may have answered already.
        """
        if self.current is None and not self.storage_away:
            await asyncio.to_thread(self.look)
        return self.trusted()

    def look(self) -> None:
        """Load the newest promotion if it is new, or wait a moment for a thread that does."""
        if not self.looking.acquire(timeout=1):
            return
        try:
            self.follow(newest_promotion(self.models))
            self.storage_away = False
        except StorageError as error:
            if not self.storage_away:
                log.warning(
                    "Storage does not answer (%s); the current model stays in service.",
                    _short(error),
                )
            self.storage_away = True
        finally:
            self.looking.release()
            self.looked.set()

    def follow(self, promotion: Promotion | None) -> None:
        """Install or refuse this promotion, if it is new. Raise errors of storage."""
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
        """Let this model answer from now on."""
        self.current = model
        self.promoted = promotion.time
        self.number = promotion.number
        self.refused = 0
        expect_answers(model.version)
        CHAMPION_REFUSED.clear()
        CHAMPION.clear()
        CHAMPION.labels(model.version).set(1)
        CHAMPION_LOADED.set_to_current_time()
        log.info("Version %s answers from now on (promotion %s).", model.version, promotion.number)

    def refuse(self, promotion: Promotion, cause: str, sentence: str) -> None:
        """Log a refusal once, and retry it after a while, as a damaged object may be repaired."""
        if promotion.number != self.refused:
            CHAMPION_REFUSED.clear()
            CHAMPION_REFUSED.labels(cause).set(1)
            consequence = (
                f"{self.current.version} keeps answering."
                if self.current
                else "There is no model to answer with."
            )
            log.error("Promotion %s is refused: %s %s", promotion.number, sentence, consequence)
        self.refused, self.refused_until = promotion.number, time.monotonic() + self.patience


def _short(error: Exception) -> str:
    """Return an error's type and the beginning of its first line."""
    return f"{type(error).__name__}: {error}".split("\n")[0][:200]
