"""What is too old goes, and nothing that others still refer to; showing it deletes nothing."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from core import layout, registry
from core.storage import create, names
from core.tables import write_parquet
from processing import retention
from processing.answers import merging
from processing.answers.merging import GIVEN, lines
from processing.rows.features import features_folder
from tests.small_model import promote, publish

NOW = datetime.now(UTC)
LIMITS = {kind.name: kind.days for kind in retention.KINDS}
CHAMPION, BEFORE, NEVER, SINCE = (f"2013033{number}-aaaaaaaa" for number in range(4))


@pytest.fixture
def put(storage):
    """Store an object that is so many days old."""

    def act(bucket: str, path: str, days: int, content: bytes = b"x") -> str:
        create(storage(bucket), path, content)
        age(storage(bucket), path, days)
        return path

    return act


def age(store, path: str, days: int) -> None:
    time = (NOW - timedelta(days=days)).timestamp()
    os.utime(store.prefix / path, (time, time))


def day(ago: int) -> str:
    return f"{NOW - timedelta(days=ago):%Y/%m/%d}"


def deleted() -> dict[str, int]:
    """Delete what is too old. Returns how many objects went of each kind, where any did."""
    counts = {kind: facts["objects"] for kind, facts in retention.delete_old(NOW).items()}
    return {kind: count for kind, count in counts.items() if count}


@pytest.mark.parametrize("folder", retention.OF_ANSWERS)
def test_answers_are_kept_by_the_hour_they_were_given_in(put, storage, folder):
    old = put("predictions", f"{folder}/{day(401)}/09/a", 0)
    young = [put("predictions", f"{folder}/{day(ago)}/09/a", 900) for ago in (400, 1, 0)]
    odd = put("predictions", f"{folder}/notes.txt", 900)
    assert deleted() == {"answers and outcomes": 1}
    there = names(storage("predictions"))
    assert old not in there and {*young, odd} <= {*there}


def test_each_kind_goes_by_its_own_age_and_others_stay(put, storage):
    """Each line: bucket, path, age in days, and whether it stays."""
    arrival = NOW - timedelta(days=500)
    now = features_folder()
    cases = [
        ("processed", f"rejected/{arrival:%Y%m%dT%H%M%S%f}-aaaa-000.parquet", 0, False),
        ("processed", f"rejected/{NOW:%Y%m%dT%H%M%S%f}-aaaa-000.parquet", 900, True),
        ("processed", f"{now}/month=2013-01/a.parquet", 900, True),
        ("processed", "features/0000/month=2013-01/a.parquet", 900, False),
        ("processed", "features/0000/month=2013-01/b.parquet", 29, True),
        ("predictions", "batch/month=2013-01/a.parquet", 300, False),
        ("predictions", "batch/month=2013-01/b.parquet", 200, True),
        ("predictions", "batch/month=2013-02/a.parquet", 300, True),
        ("processed", "runs/a.json", 300, False),
        ("processed", "runs/b.json", 200, True),
        ("processed", "rows/month=2013-01/a.parquet", 900, True),
        ("processed", "files/a.json", 900, True),
        ("raw", "a.csv", 900, True),
        ("models", "verdicts/a.json", 900, True),
        ("predictions", "withdrawn/shop.json", 900, True),
        ("predictions", "truth/files/a", 900, True),
        ("notebooks", "a.ipynb", 900, True),
    ]
    for bucket, path, days, _ in cases:
        put(bucket, path, days)
    assert sum(deleted().values()) == 4
    for bucket, path, _, stays in cases:
        assert (path in names(storage(bucket))) == stays, path


@pytest.fixture
def models(storage):
    """Return models of 300 days ago: two champions, one that never was; and one of 100 days ago."""
    store = storage("models")
    for version in (BEFORE, CHAMPION, NEVER, SINCE):
        publish(store, version)
    for version in (BEFORE, CHAMPION):
        promote(store, version)
    for path in names(store, layout.VERSIONS):
        age(store, path, 100 if SINCE in path else 300)
    return store


def promoted_ago(monkeypatch, days: int) -> None:
    """Say that the last promotion was so many days ago."""
    time, promotions = (NOW - timedelta(days=days)).isoformat(), registry.promotions
    monkeypatch.setattr(
        registry,
        "promotions",
        lambda store: [type(one)(**vars(one) | {"time": time}) for one in promotions(store)],
    )


def test_a_model_that_was_never_champion_goes_and_leaves_its_card(models, monkeypatch):
    promoted_ago(monkeypatch, 200)
    before = set(names(models))
    assert deleted() == {"models that were never champion": 1}
    assert before - set(names(models)) == {registry.model_path(NEVER)}
    assert registry.versions(models) == sorted([BEFORE, CHAMPION, NEVER, SINCE])


@pytest.mark.parametrize("content", [b"{", None])
def test_no_model_goes_while_nobody_can_say_which_were_champion(models, content):
    for path in names(models, layout.PROMOTIONS)[content is not None :]:
        models.delete(path) if content is None else models.put(path, content)
    before = names(models)
    facts = retention.delete_old(NOW)["models that were never champion"]
    assert ("problem" in facts) == (content is not None) and names(models) == before


def test_raw_files_go_only_if_the_owner_says_so(put, storage, monkeypatch):
    put("raw", "old.csv", 500)
    put("raw", "unchecked.csv", 500)
    monkeypatch.setattr(retention, "unchecked", lambda raw, _: retention.raw_files(raw)[1:])
    assert not deleted() and len(names(storage("raw"))) == 2
    kinds = [kind._replace(days=400) for kind in retention.KINDS if kind.bucket == "raw"]
    monkeypatch.setattr(retention, "KINDS", kinds)
    assert deleted() == {"raw files": 1}
    assert len(names(storage("raw"))) == 1


def test_what_is_shown_is_what_goes_and_nothing_goes_by_showing(put, storage):
    put("predictions", f"live/{day(401)}/09/a", 0)
    put("processed", "features/0000/a.parquet", 31)
    before = names(storage("predictions")) + names(storage("processed"))
    shown = "\n".join(retention.table(NOW))
    assert names(storage("predictions")) + names(storage("processed")) == before
    would_go = {line[:34].strip(): int(line[44:54]) for line in shown.splitlines()[1:]}
    assert {kind: count for kind, count in would_go.items() if count} == deleted()
    assert f"{day(31).replace('/', '-')}" in shown


def test_one_kind_that_fails_stops_no_other(put, monkeypatch):
    put("predictions", f"live/{day(401)}/09/a", 0)

    def fail(*_):
        raise ValueError("broken")

    kinds = [retention.Kind("broken", "raw", 1, fail), *retention.KINDS]
    monkeypatch.setattr(retention, "KINDS", kinds)
    facts = retention.delete_old(NOW)
    assert "broken" in facts["broken"]["problem"] and facts["answers and outcomes"]["objects"] == 1


class Cut(KeyboardInterrupt):
    """Raised where a process is killed: nothing may catch it."""


@pytest.mark.parametrize("deletions", range(7))
def test_cut_short_nothing_comes_back_or_is_there_twice(put, storage, monkeypatch, deletions):
    """What a merging left beside its object is hidden by it, so it must not outlive it."""
    hour = f"{day(401)}/09"
    put("predictions", f"live/{hour}/a.jsonl", 0, b"{}")
    merged = merging._table(storage("predictions"), [f"live/{hour}/a.jsonl"])
    write_parquet(storage("predictions"), f"merged/live/{hour}/m.parquet", merged)
    for folder in retention.OF_ANSWERS[4:]:
        put("predictions", f"{folder}/{hour}", 0)
    delete, done = retention.obstore.delete, []

    def cut(store, paths):
        if len(done) == deletions:
            raise Cut
        done.append(paths)
        delete(store, paths)

    with monkeypatch.context() as patch:
        patch.setattr(retention.obstore, "delete", cut)
        with pytest.raises(Cut):
            retention.delete_old(NOW)
    assert len([*lines(storage("predictions"), GIVEN, hour)]) == (deletions < 2)
    retention.delete_old(NOW)
    assert not [path for path in names(storage("predictions")) if hour in path]


def test_every_limit_is_a_number_of_days_or_none():
    assert LIMITS["raw files"] is None, "raw data are kept unless the owner says otherwise"
    assert all(days is None or days >= 1 for days in LIMITS.values())
    assert LIMITS["answers and outcomes"] >= 183
