"""Promotions as annotations on the boards."""

import logging
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from core.attempt import attempt
from core.registry import Promotion
from core.settings import settings

if TYPE_CHECKING:
    from grafana_client import GrafanaApi

log = logging.getLogger(__name__)

TAG = "promotion"


def annotate_promotions(promotions: Iterable[Promotion]) -> None:
    """Annotate each promotion that has no annotation yet; whatever fails costs nothing else.

    A dashboard that is away is a message, never a failure.
    """
    if settings().dashboard_url:
        attempt("annotations", partial(_annotate, promotions))


def _annotate(promotions: Iterable[Promotion]) -> None:
    # Importing these takes a second, which a laptop need not wait for.
    from grafana_client.client import GrafanaException
    from niquests.exceptions import RequestException

    try:
        _annotate_missing(promotions)
    except (GrafanaException, RequestException) as error:
        log.warning(
            "The boards lack the annotation of a promotion; the next run tries again. %s", error
        )


def _annotate_missing(promotions: Iterable[Promotion]) -> None:
    api = _dashboard().annotations
    annotations = api.find_annotations(tags=[TAG], limit=1000)
    tags = {tag for annotation in annotations for tag in annotation["tags"]}
    for promotion in promotions:
        number = f"{TAG} {promotion.number}"
        if number not in tags:
            milliseconds = int(datetime.fromisoformat(promotion.time).timestamp() * 1000)
            text = f"{promotion.version} answers from now on. {promotion.reason}"
            api.add_annotation(time_from=milliseconds, tags=[TAG, number], text=text)


def _dashboard() -> "GrafanaApi":
    from grafana_client import GrafanaApi

    config = settings()
    url = config.dashboard_url.rstrip("/") + "/"
    credential = (config.dashboard_user, config.dashboard_password.get_secret_value())
    return GrafanaApi.from_url(url, credential=credential, timeout=5)
