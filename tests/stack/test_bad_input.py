"""Whatever comes in costs at most itself: files of each kind, stored lines, parts that fail."""

import io
import json
import os
import shutil
from datetime import UTC, datetime
from functools import partial

import faults
import odd_files
import pytest
import storage_rights
from conftest import ROOT
from running import models_of, replicas, started, until
from webhook import listening

RUN = 120
"""Promised seconds from a file to the end of the run that it starts; deadlines are thrice."""

STEPS = (
    *("raw", "rows", "features", "drift", "candidate", "champion", "batch_predictions"),
    "summaries",
)
PARTS_OF_STEPS = ("join", "live errors", "live error", "tables", "table months", "stages")
PARTS_OF_ANSWERS = ("join", "live answers", "live errors", "live error")

ERRORS_A_STEP = int(os.environ.get("ERRORS", "1"))
"""How many kinds of exceptions each step raises in turn; `make soak` tries all."""

GOOD_ROWS = 3_000
"""So many new rows are a cause to train."""

MOVED = {visit: (f"2026-0{visit - 10}-20", f"2026-0{visit - 9}-02") for visit in (11, 12, 13)}
"""Visits whose date moved to the next month, by number."""


NOBODY = "ffffffff-ffff-7fff-bfff-ffffffffffff"


def answer_line(**changes) -> str:
    """Return an answer as prediction stores it, but for what is changed."""
    line = {"id": NOBODY, "time": said_at(), "client": "desk", "model": "m", "key": None}
    return json.dumps(line | {"question": {}, "prediction": 1.0} | changes)


def outcome_line(**changes) -> str:
    """Return an outcome as prediction stores it, but for what is changed."""
    line = {"id": NOBODY, "actual": 170.5, "client": "desk", "time": said_at()}
    return json.dumps(line | changes)


def said_at() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


BAD_ANSWERS = (
    answer_line()[:-9],
    "<html>502 Bad Gateway</html>",
    "[]",
    json.dumps({"version": 9, "answer": {"value": 1.0}}),
    answer_line(time="2026-13-45T25:61:00"),
    answer_line(),
    answer_line(prediction={"of": "another task"}),
)
"""One of each kind: cut off, no JSON, no object, another version, no time, an id of nobody, …"""

BAD_OUTCOMES = (
    outcome_line()[:-9],
    "no JSON",
    "7",
    json.dumps({"version": 9, "outcome": 1.0}),
    outcome_line(time="9999-12-31T23:59:59-12:00"),
    outcome_line(),
    outcome_line(actual="no outcome of ours"),
)


@pytest.fixture(scope="module")
def messages():
    """Yield the webhook that the alerts come to."""
    with listening() as webhook:
        yield webhook


@pytest.fixture(scope="module")
def stack(tmp_path_factory, messages):
    """Start a stack whose model learns what visits cost, and whose code can fail."""

    def change(project):
        shutil.copytree(ROOT / "tests" / "visits", project / "model", dirs_exist_ok=True)
        faults.add_faults(project)

    folder = tmp_path_factory.mktemp("bad")
    with started(folder, "bad-input", change, ALERT_WEBHOOK=messages.address) as running:
        yield running


@pytest.fixture(scope="module")
def bring(stack):
    """Put a file into the bucket `raw`, as an application does with its own key."""
    secret = stack.storage_key("desk", "raw:write")
    client = storage_rights.client(stack.storage_url, "desk", secret)

    def bring(name: str, content: bytes) -> None:
        client.put_object(
            bucket_name="raw", object_name=name, data=io.BytesIO(content), length=len(content)
        )

    return bring


def visits(stack, seed: int) -> bytes:
    """Return visits of three months that nothing is wrong with, other ones for each seed."""
    code = f"from model.source import first; print(first({GOOD_ROWS}, {seed}).decode(), end='')"
    return stack.inside("processing", code).encode()


def wait_until_done(stack) -> None:
    """Wait until a run has finished from all that is there."""
    code = "from processing.work import inputs_digest, is_done; print(is_done(inputs_digest()))"
    until(lambda: stack.inside("processing", code).strip() == "True", RUN * 3, "the run is done")


def aside(stack, kind: str) -> dict[str, str]:
    """Return name and reason of what is set aside, as the board shows it."""
    query = f"SELECT name, reason FROM quarantine WHERE kind = '{kind}' AND reason <> ''"
    return {name: reason for name, reason in stack.sql(query)}


def reports(stack) -> dict[str, tuple[int, dict[str, int], str]]:
    """Return what became of each raw file: rows used, rows refused by reason, its sentence."""
    refused = {}
    for source, reason, rows in stack.sql("SELECT source, reason, rows FROM rejections"):
        refused.setdefault(source, {})[reason] = int(rows)
    files = stack.sql("SELECT source, rows_accepted, coalesce(error, '') FROM raw_files")
    return {source: (int(used), refused.get(source, {}), error) for source, used, error in files}


def test_every_kind_of_file_is_used_or_refused_and_stops_no_other(stack, bring):
    (before,) = models_of(replicas(stack))
    for name in odd_files.PASSED_OVER:
        bring(name, b"")
    for name, file in odd_files.FILES.items():
        bring(name, file.content)
    for number in (0, 1):
        for visit, dates in MOVED.items():
            content = odd_files.text(odd_files.rows(visit=str(visit), at=dates[number])[:1])
            bring(f"k11 {visit} {number}.csv", content.encode())
    bring("good.csv", visits(stack, seed=2))
    wait_until_done(stack)
    came = reports(stack)
    wrong = {
        name: came.get(name)
        for name, file in odd_files.FILES.items()
        if came.get(name, ())[:2] != (file.used, file.refused)
        or file.sentence not in came[name][2]
        or bool(file.sentence) != bool(came[name][2])
    }
    assert not wrong
    assert came["good.csv"] == (GOOD_ROWS, {}, "")
    assert not {name for name in came if name.startswith(("a folder", "spark", "_"))}
    code = f"""
import json, polars as pl
from core.tables import rows
moved = rows().filter(pl.col("visit").is_in({list(MOVED)}))
print(json.dumps(dict(moved.select("visit", pl.col("at").dt.to_string("%Y-%m-%d")).iter_rows())))
"""
    newest = {str(visit): dates[1] for visit, dates in MOVED.items()}
    assert json.loads(stack.inside("processing", code)) == newest
    assert aside(stack, "steps") == {}
    until(lambda: models_of(replicas(stack)) != {before}, RUN * 3, "a newer model answers")


def train(stack) -> tuple[str, str]:
    """Start a run as its owner does; return its id and how it ended."""
    stack.make("train")
    query = "SELECT run_id, status FROM runs WHERE pipeline_name = 'pipeline' ORDER BY id DESC"
    ((run_id, status),) = stack.sql(f"{query} LIMIT 1", "dagster")
    return run_id, status


def done(stack, run_id: str) -> set[str]:
    """Return the steps that ended well in a run."""
    query = f"SELECT stage FROM stages WHERE run = '{run_id}' AND stage <> 'begun'"
    return {stage for (stage,) in stack.sql(query)}


def said(stack, run_id: str, sentence: str) -> bool:
    """Return whether the page of a run says this."""
    query = f"SELECT count(*) FROM event_logs WHERE run_id = '{run_id}' AND event LIKE "
    ((lines,),) = stack.sql(query + f"'%{sentence}%'", "dagster")
    return int(lines) > 0


def alerting(visitor, name: str, label: str) -> set[str]:
    """Return what an alert of this name is raised about, by one of its labels."""
    reply = visitor.get("/prometheus/api/v1/alerts").raise_for_status().json()
    firing = [one["labels"] for one in reply["data"]["alerts"] if one["state"] == "firing"]
    return {labels[label] for labels in firing if labels["alertname"] == name}


def test_when_every_part_of_a_run_fails_it_ends_in_order_and_people_hear_of_each(
    stack, visitor, messages
):
    parts = {*STEPS, *PARTS_OF_STEPS} - {"summaries", "tables"}
    errors = dict(zip(sorted(parts), faults.ERRORS, strict=False))
    faults.put(stack, errors)
    _, status = train(stack)
    assert status == "SUCCESS"
    told = aside(stack, "steps")
    assert told.keys() == parts
    assert all(faults.kind(error) in told[part] for part, error in errors.items())
    until(lambda: alerting(visitor, "StepFailed", "step") == parts, 60, "an alert names each")
    notice = messages.firing("StepFailed")  # the first ones; those that fail later come together
    assert faults.kind(errors[notice["labels"]["step"]]) in notice["annotations"]["summary"]
    assert notice["annotations"]["action"]


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_fails_is_named_and_all_others_are_done(stack, visitor, step):
    for error in faults.ERRORS[STEPS.index(step) :: len(STEPS)][:ERRORS_A_STEP]:
        faults.put(stack, {step: error})
        run_id, status = train(stack)
        assert (status, done(stack, run_id)) == ("SUCCESS", {*STEPS} - {step})
        told = aside(stack, "steps")
        assert told.keys() == {step} and faults.kind(error) in told[step]
        assert said(stack, run_id, f"The step {step} failed")
    until(
        lambda: alerting(visitor, "StepFailed", "step") == {step},
        60,
        "an alert names it, and no other",
    )


@pytest.mark.parametrize("error", faults.OF_THE_MACHINE)
def test_what_the_machine_does_is_tried_again_and_said(stack, error):
    step = STEPS[1 + faults.OF_THE_MACHINE.index(error)]
    faults.put(stack, {step: error}, times=1)
    run_id, status = train(stack)
    assert (status, done(stack, run_id)) == ("SUCCESS", {*STEPS})
    assert said(stack, run_id, faults.kind(error)) and aside(stack, "steps") == {}


def test_parts_of_the_live_job_that_fail_are_named_and_the_others_go_on(stack, api, card):
    def asked() -> None:
        api.post("/v1/predict", json=card["example"]["question"]).raise_for_status()

    def stored() -> int:
        code = (
            "from core.storage import bucket, names, read\n"
            "store = bucket('predictions')\n"
            "print(sum(read(store, name).count(b'\\n') for name in names(store, 'live')))"
        )
        return int(stack.inside("processing", code))

    def counted() -> int:
        return int(stack.sql("SELECT coalesce(sum(predictions), 0) FROM live_predictions")[0][0])

    parts = dict(zip(PARTS_OF_ANSWERS, faults.ERRORS[::-1], strict=False))
    faults.put(stack, parts)
    asked()
    until(lambda: aside(stack, "steps").keys() == {*PARTS_OF_ANSWERS}, 180, "each is named")
    faults.put(stack, {})
    asked()
    until(lambda: not aside(stack, "steps"), 180, "all of them work again")
    until(lambda: counted() == stored() >= 2, 120, "no answer is lost")


def test_a_bad_stored_line_of_each_kind_costs_itself_and_is_met_once(stack, visitor, api, card):
    """Another program, or another release, wrote into the folders of answers and outcomes."""
    question = card["example"]["question"]
    code = "from core.ids import new_id; print(*(new_id() for _ in range(20)))"
    ids = stack.inside("prediction", code).split()
    good = {
        "live": [answer_line(id=one, question=question, prediction=170.5) for one in ids],
        "outcomes": [outcome_line(id=one) for one in ids],
    }
    bad = {"live": BAD_ANSWERS, "outcomes": BAD_OUTCOMES}
    files = {
        f"{place}/{datetime.now(UTC):%Y/%m/%d/%H}/{number} of another program.jsonl": (
            "\n".join([*good[place][number :: len(lines)], line]).encode()
        )
        for place, lines in bad.items()
        for number, line in enumerate(lines)
    }
    write = "from core.storage import bucket, create; store = bucket('predictions')\n"
    write += "\n".join(f"create(store, {name!r}, {file!r})" for name, file in files.items())
    stack.inside("prediction", write)

    def told() -> dict[str, str]:
        return {name: why for kind in bad for name, why in aside(stack, kind).items()}

    until(lambda: told().keys() == files.keys(), 240, "each is set aside")
    assert all("can't be read" in reason for reason in told().values())

    named = partial(alerting, visitor, "InputsSetAside", "kind")
    until(lambda: named() == bad.keys(), 120, "an alert names both kinds")
    compared = "SELECT coalesce(sum(rows), 0) FROM live_errors WHERE slice = ''"
    until(lambda: int(stack.sql(compared)[0][0]) == len(ids), 240, "each good line counts")
    lines = "SELECT name, count, time FROM quarantine WHERE kind IN ('live', 'outcomes')"
    before = stack.sql(f"{lines} ORDER BY name")
    answers = "SELECT sum(predictions) FROM live_predictions"
    counted = int(stack.sql(answers)[0][0])
    api.post("/v1/predict", json=question).raise_for_status()
    until(lambda: int(stack.sql(answers)[0][0]) == counted + 1, 120, "later answers are read")
    assert stack.sql(f"{lines} ORDER BY name") == before


def test_the_next_good_file_is_used_although_no_run_could_be_ended(stack, bring):
    """The mark of a finished run can't be written: runs must not follow each other at once."""
    faults.put(stack, {"summaries": faults.ERRORS[0]})
    started_at = datetime.now(UTC).timestamp()
    bring("while it fails.csv", visits(stack, seed=3))
    until(lambda: "summaries" in aside(stack, "steps"), RUN * 3, "the step is named")
    faults.put(stack, {})
    bring("next.csv", visits(stack, seed=4))
    wait_until_done(stack)
    came = reports(stack)
    assert came["while it fails.csv"] == came["next.csv"] == (GOOD_ROWS, {}, "")
    query = (
        f"SELECT count(*) FROM runs WHERE pipeline_name = 'pipeline' AND start_time > {started_at}"
    )
    assert int(stack.sql(query, "dagster")[0][0]) <= 4
    assert aside(stack, "steps") == {}
