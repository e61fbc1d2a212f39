"""Check the flights of a month, a file an hour, and print what a file took in each hundred."""

import json
import time

from core.storage import bucket
from model.source import month_of_flights
from processing.steps import check_rows

FILES = 400
HUNDRED = 100


def main() -> None:
    hours = month_of_flights("2013-01").partition_by("day", "hour", maintain_order=True)[:FILES]
    milliseconds = []
    for start in range(0, len(hours), HUNDRED):
        for number, hour in enumerate(hours[start : start + HUNDRED], start):
            bucket("raw").put(f"{number:04}.csv", hour.write_csv().encode())
        began = time.perf_counter()
        check_rows()
        milliseconds.append(round((time.perf_counter() - began) / HUNDRED * 1000))
    print(json.dumps({"first_hundred_ms": milliseconds[0], "last_hundred_ms": milliseconds[-1]}))


if __name__ == "__main__":
    main()
