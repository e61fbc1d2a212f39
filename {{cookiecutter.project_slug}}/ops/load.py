"""See how many requests a second this machine holds: `make load RPS=20 SECONDS=60`."""

import re
import sys
import threading
import time
from pathlib import Path

from ops import api, arguments, compose, dotenv, picture, vegeta
from ops.vegeta import Reply

USAGE = "make load RPS=20 SECONDS=60"
PICTURE = dotenv.PROJECT / "data" / "load.svg"
LOOK = 2.0
"""Seconds between two looks at how many replicas run."""


class Replicas:
    """Counts the replicas that run, in a thread, until the end of the block."""

    def __init__(self):
        self.counts: list[tuple[float, int]] = []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.count, daemon=True)

    def __enter__(self) -> "Replicas":
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.ended.set()
        self.thread.join(timeout=LOOK)

    def count(self) -> None:
        while not self.ended.wait(LOOK if self.counts else 0):
            running = [
                one
                for one in compose.containers()
                if (one["Service"], one["State"]) == ("prediction", "running")
            ]
            self.counts.append((time.time(), len(running)))


def number(name: str, most: int) -> str:
    """Return an argument that is a whole number from 1. End with a sentence if it is none."""
    text = arguments.word(name, USAGE)
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text) or int(text) > most:
        sys.exit(f"{name} is {text!r}; write a whole number from 1 to {most:,}, as in `{USAGE}`.")
    return text


def percentile(replies: list[Reply], part: float) -> float:
    """Return the seconds within which this part of the replies came."""
    took = sorted(reply.took for reply in replies)
    return took[min(len(took) - 1, int(part * len(took)))] if took else float("nan")


def table(replies: list[Reply], seconds: int, counts: list[tuple[float, int]]) -> str:
    """Return what became of the requests, in lines."""
    answered = [reply for reply in replies if reply.status == 200]
    refused = sum(reply.status == 503 for reply in replies)
    numbers = [count for _, count in counts]
    rows = {
        "requests": f"{len(replies)}",
        "answered": f"{len(answered)}, {len(answered) / seconds:.1f} a second",
        "refused (503)": f"{refused}",
        "failed": f"{len(replies) - len(answered) - refused}",
        "replicas": f"{min(numbers, default=0)} to {max(numbers, default=0)}",
    }
    rows |= {
        f"{part:.0%} within": f"{percentile(answered, part) * 1000:.0f} ms"
        for part in (0.5, 0.95, 0.99, 1)
    }
    return "\n".join(f"{name:<16}{value}" for name, value in rows.items())


def verdict(replies: list[Reply], rate: int, seconds: int) -> str:
    """Return one sentence: what this machine holds."""
    answered = [reply for reply in replies if reply.status == 200]
    slowest = f"95 % of the answers came within {percentile(answered, 0.95) * 1000:.0f} ms"
    if len(answered) == len(replies):
        return f"This machine holds {rate} requests a second: {slowest}, and none failed."
    lost = len(replies) - len(answered)
    return (
        f"This machine does not hold {rate} requests a second: {lost / len(replies):.0%} were "
        f"refused or failed. It answered {len(answered) / seconds:.1f} a second, and {slowest}."
    )


def main() -> None:
    rate, seconds = number("RPS", 100_000), number("SECONDS", 86_400)
    try:
        question = api.call("/v1/model")["example"]["question"]
    except api.ApiProblem as problem:
        sys.exit(str(problem))
    print(f"Asking {rate} times a second for {seconds} seconds ...", flush=True)
    key = dotenv.values()["API_KEY"]
    with Replicas() as replicas:
        replies = vegeta.attack(f"{api.base()}/v1/predict", key, question, rate, seconds)
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture.drawn(replies, replicas.counts), encoding="utf-8")
    print(f"\n{table(replies, int(seconds), replicas.counts)}")
    print(f"\n{verdict(replies, int(rate), int(seconds))}")
    print(f"The picture is {PICTURE.relative_to(Path.cwd())}.")


if __name__ == "__main__":
    main()
