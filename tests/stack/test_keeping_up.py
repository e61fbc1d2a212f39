"""The model keeps itself up to date: a file lands in the bucket `raw`, and nothing else is done."""

import io
import time

import pytest
import storage_rights
from running import MONTH, firing, models_of, replicas, rows, started, targets, until
from webhook import listening

NEWER_MODEL = 120
"""Promised seconds from a month's file to a newer model on every replica; deadlines are thrice."""


@pytest.fixture(scope="module")
def messages():
    """Yield the webhook that the alerts come to."""
    with listening() as webhook:
        yield webhook


@pytest.fixture(scope="module")
def stack(tmp_path_factory, messages):
    """Start a stack of its own: what is learned here would be in the way of other tests."""
    with started(
        tmp_path_factory.mktemp("keeping"), "keeping-up", ALERT_WEBHOOK=messages.address
    ) as running:
        yield running


@pytest.fixture(scope="module")
def bring(stack):
    """Put a month of flights into the bucket `raw`, as an application does with its own key."""
    secret = stack.storage_key("airport", "raw:write")
    client = storage_rights.client(stack.storage_url, "airport", secret)

    def bring(month: str, air_time: str = "minutes") -> float:
        content = stack.inside("processing", MONTH.format(month=month, air_time=air_time)).encode()
        came = time.time()
        client.put_object(
            bucket_name="raw",
            object_name=f"from the airport/{month}",
            data=io.BytesIO(content),
            length=len(content),
        )
        return came

    return bring


def verdicts(stack) -> dict[str, tuple[str, str]]:
    """Return the verdict on each version and its reason, as people read them."""
    return {
        version: (verdict, why)
        for version, verdict, why in stack.sql("SELECT version, verdict, reason FROM models")
    }


def next_verdict(stack, before: dict, seconds: float) -> tuple[str, str, str]:
    """Wait for a verdict that is new; return its version, the verdict and its reason."""
    new = until(lambda: verdicts(stack).keys() - before.keys(), seconds, "a candidate is judged")
    (version,) = new
    return version, *verdicts(stack)[version]


def answering(stack) -> set[str]:
    """Return the versions that the replicas answer with."""
    return models_of(replicas(stack))


def stands_on_the_front_page(visitor, alert: str) -> dict:
    """Return an alert that asks nothing of anybody, so that nobody gets a message."""
    return until(lambda: firing(visitor)[alert], 180, f"{alert} fires")


def error_of(stack, version: str) -> float:
    ((error,),) = stack.sql(f"SELECT error FROM models WHERE version = '{version}'")
    return float(error)


def test_a_new_month_leads_to_a_newer_model_on_every_replica(stack, bring):
    before = verdicts(stack)
    came = bring("2013-04")
    version, verdict, reason = next_verdict(stack, before, NEWER_MODEL * 3)
    assert verdict == "promoted", reason
    until(lambda: answering(stack) == {version}, 15, "every replica answers with the newer model")
    seconds = time.time() - came
    took = f"round(extract(epoch FROM finished) - {came}, 1)"
    steps = stack.sql(f"SELECT stage, {took} FROM stages ORDER BY finished")
    print(f"  {seconds:.1f} s until every replica answers with it; {dict(steps)}")
    assert seconds < NEWER_MODEL * 3


def test_a_shifted_month_is_seen_learned_and_shown(stack, bring, visitor):
    before, (old,) = verdicts(stack), answering(stack)
    came = bring("2013-05", "minutes * 4 / 3")
    version, verdict, reason = next_verdict(stack, before, NEWER_MODEL * 3)
    assert verdict == "promoted", reason
    until(lambda: answering(stack) == {version}, 15, "every replica answers with the newer model")
    print(f"  {reason} {time.time() - came:.1f} s")
    assert error_of(stack, version) < 4 / 3 * error_of(stack, old) * 1.3
    drifted = [name for (name,) in stack.sql("SELECT name FROM drift WHERE alarm")]
    assert {"error", "calibration", "outcome air_time"} <= set(drifted)
    shown = {
        title: rows(visitor, board, target) for board, title, target in targets(visitor, "pipeline")
    }
    assert shown["Drift by column"] > 1 and shown["Drift over time"] > 1
    assert shown["Drift by age of the model"] > 1
    alert = stands_on_the_front_page(visitor, "Drift")
    named = alert["labels"]["column"]
    assert named in drifted and named in alert["annotations"]["summary"]
    assert alert["annotations"]["action"]
    back = stack.make("rollback")
    assert back.returncode == 0, back.stdout
    until(lambda: answering(stack) == {old}, 15, "the model before is in service again")
    assert stack.make("champion", f"VERSION={version}").returncode == 0
    until(lambda: answering(stack) == {version}, 15, "and the newer one again")


def test_shuffled_outcomes_promote_nothing_and_the_reason_is_shown(stack, bring, visitor):
    before, (old,) = verdicts(stack), answering(stack)
    bring("2013-06", "minutes.shuffle(seed=0)")
    _, verdict, reason = next_verdict(stack, before, NEWER_MODEL * 3)
    assert verdict == "refused" and "baseline" in reason
    stands_on_the_front_page(visitor, "CandidateRefused")
    assert answering(stack) == {old}


def test_impossible_outcomes_are_rejected_reported_and_told(stack, bring, messages):
    before, (old,) = verdicts(stack), answering(stack)
    bring("2013-07", "minutes * 100")
    july = "WHERE source LIKE '%2013-07'"
    counts = f"SELECT rows_accepted, rows_rejected, rows_without_outcome FROM raw_files {july}"
    ((accepted, rejected, without),) = until(
        lambda: stack.sql(counts), NEWER_MODEL * 3, "the file is checked"
    )
    assert accepted == without and int(rejected) > 20_000
    reasons = f"SELECT reason, rows FROM rejections {july}"
    assert stack.sql(reasons) == [["air_time: above 1200 minutes", rejected]]
    assert "tenth of the rows" in messages.firing("ManyRowsRejected")["annotations"]["summary"]
    assert verdicts(stack) == before and answering(stack) == {old}
