"""Replay what was held back, month by month, through the same road as new data, and compare three ways to answer."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ops import api, compose, dotenv, local, notebook, virtualenv

BATCH = 1_000
EVERYWHERE = 5  # seconds until every replica answers with a model that was promoted
WIDTH = 60


@contextmanager
def platform() -> Iterator[int | None]:
    """The port of the API: the platform's own if it runs, otherwise one that is started here on the folder data/."""
    dotenv.main()
    if compose.is_running("processing"):
        yield None
        return
    virtualenv.ready()
    notebook.make_data()
    port = local.free_port()
    service = local.start("prediction", PORT=str(port))
    try:
        local.wait_until_ready(service, port)
        yield port
    finally:
        service.terminate()
        service.wait()


def processing(port: int | None, *words: str, **how) -> str | None:
    """Run processing/replay.py where the data are."""
    command = ("-m", "processing.replay", *words)
    if port is None:
        return compose.run(
            "exec", "-T", "processing", "python", *command, encoding="utf-8", **how
        ).stdout
    return virtualenv.run(virtualenv.PYTHON, *command, encoding="utf-8", **how).stdout


def ask(questions: list[dict], port: int | None) -> list[dict]:
    """What the API answers to each question, and which model said so."""
    given = []
    for start in range(0, len(questions), BATCH):
        reply = api.call(
            "/v1/predict/batch", {"questions": questions[start : start + BATCH]}, port, timeout=60
        )
        given += [answer | {"model": reply["model"]} for answer in reply["predictions"]]
    return given


def replay(port: int | None) -> None:
    """Every month that has not been replayed."""
    while asked := json.loads(processing(port, "questions", stdout=subprocess.PIPE)):
        time.sleep(EVERYWHERE)
        given = ask(asked["questions"], port)
        models = (
            ", ".join(sorted({answer["model"] for answer in given})) or "the replay before this one"
        )
        print(f"\n{asked['month']}: {len(given)} questions asked, answered by {models}", flush=True)
        processing(port, asked["month"], input=json.dumps(given))


def table(months: list[dict]) -> str:
    """Each month's mean error with the interval that holds it in 95 of 100 draws."""
    lines = list(months[0]["lines"])
    rows = [f"{'month':<9}{'rows':>6}" + "".join(f"  {line:^20}" for line in lines)]
    for one in months:
        cells = (
            "{error:6.2f} ({low:.2f}-{high:.2f})".format(**one["lines"][line]) for line in lines
        )
        rows.append(
            f"{one['month']:<9}{one['rows']:>6}" + "".join(f"  {cell:<20}" for cell in cells)
        )
    means = [sum(one["lines"][line]["error"] for one in months) / len(months) for line in lines]
    return "\n".join([*rows, f"{'mean':<15}" + "".join(f"  {mean:6.2f}{'':14}" for mean in means)])


def chart(months: list[dict]) -> str:
    """One line a month; each way to answer is its first letter, at its error."""
    most = max(measured["error"] for one in months for measured in one["lines"].values())
    rows = []
    for one in months:
        marks = [" "] * (WIDTH + 1)
        for line, measured in one["lines"].items():
            place = round(measured["error"] / most * WIDTH)
            marks[place] = line[0] if marks[place] == " " else "*"
        rows.append(f"{one['month']:<9}|{''.join(marks)}")
    legend = ", ".join(f"{line[0]} {line}" for line in months[0]["lines"])
    return "\n".join([*rows, f"{'':9}0{'':{WIDTH - 5}}{most:6.2f}   {legend}, * several"])


def main() -> None:
    try:
        with platform() as port:
            replay(port)
            months = json.loads(processing(port, "results", stdout=subprocess.PIPE))
    except api.ApiProblem as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. `make replay` goes on from here.")
    if not months:
        sys.exit("There is nothing to replay: model/source.py holds no months back (HELD_BACK).")
    print(f"\n{table(months)}\n\n{chart(months)}")


if __name__ == "__main__":
    main()
