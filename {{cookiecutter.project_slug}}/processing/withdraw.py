"""Who reported which outcomes, and taking back what an API key reported.

`python -m processing.withdraw` shows what each key reported in the last days;
`python -m processing.withdraw NAME` takes back all that NAME reported until now. What it reports
afterwards counts again, so revoke the key as well if it is not to be trusted.
"""

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from statistics import median, mode

import polars as pl
from obstore.store import ObjectStore

from core.keys import NAME
from core.layout import WITHDRAWN
from core.schema import CLASSES, class_name
from core.storage import as_json, bucket
from processing.answers import merging
from processing.answers.hourly import parsed_reports, readable
from processing.answers.withdrawals import withdrawn

DAYS = 7
"""How far back is shown."""


def withdraw(client: str) -> str:
    """Take back what a key reported until now. Returns a sentence."""
    until = datetime.now(UTC).isoformat(timespec="milliseconds")
    content = as_json({"client": client, "until": until})
    bucket("predictions").put(f"{WITHDRAWN}/{client}.json", content)
    return (
        f"What {client} reported until {until} no longer counts; "
        "live errors follow with the next run."
    )


def reported(predictions: ObjectStore, now: datetime) -> dict[str, pl.DataFrame]:
    """Return what was reported in the last days, by key."""
    days = [f"{now - timedelta(days=ago):%Y/%m/%d}" for ago in range(DAYS, -1, -1)]
    lines = (line for day in days for line in merging.lines(predictions, merging.REPORTED, day))
    reports = readable(parsed_reports(lines))
    by_client = reports.sort("known").partition_by("client", as_dict=True)
    return {client: of_client for (client,), of_client in by_client.items()}


def table(by_client: Mapping[str, pl.DataFrame], until: Mapping[str, datetime]) -> Iterator[str]:
    """Yield a line for each key: how much it reported, when, what typically, what is taken back."""
    yield f"{'key':<24} {'reports':>8}  {'first':<20} {'last':<20} {'typical':<12} taken back until"
    for client, reports in sorted(by_client.items()):
        first, last = (f"{reports['known'][place]:%Y-%m-%dT%H:%M:%S}" for place in (0, -1))
        back = f"{until[client]:%Y-%m-%dT%H:%M:%S}" if client in until else ""
        span = f"{first:<20} {last:<20}"
        yield f"{client:<24} {len(reports):>8}  {span} {_typical(reports):<12} {back}".rstrip()


def _typical(reports: pl.DataFrame) -> str:
    """Return the median of numbers, or the most frequent class."""
    values = reports["actual"].to_list()
    return class_name(mode(values)) if CLASSES else f"{median(values):g}"


def main(words: list[str]) -> None:
    """Show who reported what, or take back what the named key reported."""
    if not words:
        predictions = bucket("predictions")
        print("\n".join(table(reported(predictions, datetime.now(UTC)), withdrawn(predictions))))
    elif len(words) == 1 and NAME.fullmatch(words[0]):
        print(withdraw(words[0]))
    else:
        raise SystemExit("Name one API key, as `make keys` lists them.")


if __name__ == "__main__":
    main(sys.argv[1:])
