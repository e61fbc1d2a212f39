"""Replay files that were held back, the way new data come, and compare ways to answer."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import fmean as mean
from typing import Any

from ops import api, compose, dotenv, local, notebook, virtualenv

BATCH = 1_000
PROMOTION_SECONDS = 5  # until every replica answers with a promoted model
WIDTH = 60


@contextmanager
def platform() -> Iterator[int | None]:
    """Yield the port of an API started here on the folder data/, or None if the platform runs."""
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


def processing(port: int | None, *words: str, **how) -> subprocess.CompletedProcess:
    """Run processing/replay.py where the data are."""
    command = ("-m", "processing.replay", *words)
    if port is None:
        return compose.run("exec", "-T", "processing", "python", *command, encoding="utf-8", **how)
    return virtualenv.run(virtualenv.PYTHON, *command, encoding="utf-8", **how)


def read(port: int | None, word: str) -> Any:
    """Return what processing/replay.py prints, from JSON."""
    return json.loads(processing(port, word, stdout=subprocess.PIPE).stdout)


def ask(questions: list[dict], port: int | None) -> list[dict]:
    """Return the API's answer to each question, with the model that gave it."""
    answers = []
    for start in range(0, len(questions), BATCH):
        batch = {"questions": questions[start : start + BATCH]}
        reply = api.call("/v1/predict/batch", batch, port, timeout=60)
        answers += [answer | {"model": reply["model"]} for answer in reply["predictions"]]
    return answers


def replay(port: int | None) -> None:
    """Replay every file that has not been replayed."""
    while asked := read(port, "questions"):
        time.sleep(PROMOTION_SECONDS)
        answers = ask(asked["questions"], port)
        models = ", ".join(sorted({answer["model"] for answer in answers}))
        source = models or "the replay before this one"
        count = len(answers)
        print(f"\n{asked['period']}: {count} questions asked, answered by {source}", flush=True)
        processing(port, asked["period"], input=json.dumps(answers))


def table(periods: list[dict]) -> str:
    """Return a row for each file: mean errors, each with its 95 % interval, and their mean."""
    lines = list(periods[0]["lines"])
    rows = [f"{'file':<9}{'rows':>6}" + "".join(f"  {line:^20}" for line in lines)]
    for period in periods:
        errors = [period["lines"][line] for line in lines]
        cells = ["{error:6.2f} ({low:.2f}-{high:.2f})".format(**error) for error in errors]
        padded = "".join(f"  {cell:<20}" for cell in cells)
        rows.append(f"{period['period']:<9}{period['rows']:>6}{padded}")
    padded = "".join(f"  {mean_of(periods, line):6.2f}{'':14}" for line in lines)
    return "\n".join([*rows, f"{'mean':<15}{padded}"])


def mean_of(periods: list[dict], line: str) -> float:
    """Return a line's mean error over all files."""
    return mean(period["lines"][line]["error"] for period in periods)


def regret(periods: list[dict]) -> str:
    """Return in words how much the best version of each file would have been better."""
    kept, best = (mean_of(periods, line) for line in ("kept up to date", "best in hindsight"))
    return (
        f"Regret {kept / best - 1:.1%}: so much larger was the error than that of the published "
        "version that hindsight calls best, file by file."
    )


def chart(periods: list[dict]) -> str:
    """Return a row for each file; each way to answer is its first letter, at its error."""
    most = max(line["error"] for period in periods for line in period["lines"].values())
    rows = []
    for period in periods:
        marks = [" "] * (WIDTH + 1)
        for name, line in period["lines"].items():
            place = round(line["error"] / most * WIDTH)
            marks[place] = name[0] if marks[place] == " " else "*"
        rows.append(f"{period['period']:<9}|{''.join(marks)}")
    legend = ", ".join(f"{name[0]} {name}" for name in periods[0]["lines"])
    axis = f"{'':9}0{'':{WIDTH - 5}}{most:6.2f}"
    return "\n".join([*rows, f"{axis}   {legend}, * several"])


def paid(cost: dict) -> str:
    """Return in words what keeping up has cost."""
    return (
        f"Keeping up took {cost['trainings']} trainings and {cost['core_seconds']:,.0f} seconds of "
        "one core, for the candidates alone."
    )


def main() -> None:
    try:
        with platform() as port:
            replay(port)
            periods = read(port, "results")
            cost = read(port, "cost")
    except api.ApiProblem as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. `make replay` resumes here.")
    if not periods:
        sys.exit("There is nothing to replay: HELD_BACK in model/source.py names no file.")
    print(f"\n{table(periods)}\n\n{chart(periods)}\n\n{regret(periods)}\n{paid(cost)}")


if __name__ == "__main__":
    main()
