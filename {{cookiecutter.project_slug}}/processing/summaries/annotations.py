"""Promotions as marks on the boards."""

import logging
from collections.abc import Iterable
from datetime import datetime

from core.registry import Promotion
from core.settings import settings

log = logging.getLogger(__name__)

TAG = "promotion"


def annotate_promotions(promotions: Iterable[Promotion]) -> None:
    """Mark each promotion that has no mark yet. A dashboard that is away is a message, never a failure."""
    if not settings().dashboard_url:
        return
    from grafana_client.client import (
        GrafanaException,
    )  # takes a second, which a laptop needs not wait for
    from niquests.exceptions import RequestException

    try:
        _mark_missing(promotions)
    except (GrafanaException, RequestException) as error:
        log.warning("The boards lack the mark of a promotion; the next run tries again. %s", error)


def _mark_missing(promotions: Iterable[Promotion]) -> None:
    annotations = _dashboard().annotations
    found = annotations.find_annotations(tags=[TAG], limit=1000)
    marked = {tag for annotation in found for tag in annotation["tags"]}
    for promotion in promotions:
        number = f"{TAG} {promotion.number}"
        if number not in marked:
            milliseconds = int(datetime.fromisoformat(promotion.time).timestamp() * 1000)
            text = f"{promotion.version} answers from now on. {promotion.reason}"
            annotations.add_annotation(time_from=milliseconds, tags=[TAG, number], text=text)


def _dashboard():
    from grafana_client import GrafanaApi

    known = settings()
    credential = (known.dashboard_user, known.dashboard_password.get_secret_value())
    return GrafanaApi.from_url(
        known.dashboard_url.rstrip("/") + "/", credential=credential, timeout=5
    )
