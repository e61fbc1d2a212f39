"""Promotions as marks on the boards."""

import logging
from collections.abc import Iterable
from datetime import datetime

from grafana_client import GrafanaApi
from grafana_client.client import GrafanaException
from niquests.exceptions import RequestException

from core.registry import Promotion
from core.settings import settings

log = logging.getLogger(__name__)

TAG = "promotion"


def annotate_promotions(promotions: Iterable[Promotion]) -> None:
    """Mark each promotion that has no mark yet. A dashboard that is away is a message, never a failure."""
    if not settings().dashboard_url:
        return
    try:
        grafana = dashboard()
        found = grafana.annotations.find_annotations(tags=[TAG], limit=1000)
        marked = {tag for annotation in found for tag in annotation["tags"]}
        for promotion in promotions:
            if number(promotion) not in marked:
                mark(grafana, promotion)
    except (GrafanaException, RequestException, OSError) as error:
        log.warning("The boards show no mark of the newest promotion; the next run tries again: %s", error)


def dashboard() -> GrafanaApi:
    known = settings()
    credential = (known.dashboard_user, known.dashboard_password.get_secret_value())
    return GrafanaApi.from_url(known.dashboard_url.rstrip("/") + "/", credential=credential, timeout=5)


def number(promotion: Promotion) -> str:
    """The tag that tells one promotion's mark from all others."""
    return f"{TAG} {promotion.number}"


def mark(grafana: GrafanaApi, promotion: Promotion) -> None:
    milliseconds = int(datetime.fromisoformat(promotion.time).timestamp() * 1000)
    text = f"{promotion.version} answers from now on. {promotion.reason}"
    grafana.annotations.add_annotation(time_from=milliseconds, tags=[TAG, number(promotion)], text=text)
