"""Every answer is in storage exactly once, whatever dies."""

import fcntl
import os
import resource
from datetime import UTC, datetime

import pytest
from obstore.store import LocalStore, S3Store
from prometheus_client import REGISTRY

from core.storage import create, names
from prediction.journal import Journal
from tests.replica import records

NOW = datetime(2013, 4, 1, 9, 15, tzinfo=UTC)
NOWHERE = S3Store(
    "predictions",
    endpoint="http://127.0.0.1:9",
    access_key_id="none",
    secret_access_key="none",
    client_options={"allow_http": True},
    retry_config={"max_retries": 0},
)


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path / "predictions", mkdir=True)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "journal"


def ids(store) -> list[int]:
    return sorted(record["id"] for record in records(store, "live"))


def abandon(journal: Journal) -> None:
    """Do what the death of a process does: its files stay, its locks fall."""
    journal.finish()
    for file in journal.finished:
        os.close(file.descriptor)
    journal.finished = []


def test_what_is_written_is_uploaded_by_the_hour_of_the_answer(folder, store):
    journal = Journal(folder, store)
    journal.write("live", NOW, [{"id": 1}, {"id": 2}])
    journal.write("live", NOW.replace(hour=10), [{"id": 3}])
    journal.sweep()
    assert [name.rsplit("/", 1)[0] for name in names(store)] == [
        "live/2013/04/01/09",
        "live/2013/04/01/10",
    ]
    assert ids(store) == [1, 2, 3] and list(folder.iterdir()) == []


def test_of_two_replicas_that_share_a_folder_each_says_once_that_storage_is_away(folder, caplog):
    replicas = [Journal(folder, NOWHERE) for _ in range(2)]
    for id in range(5):
        for journal in replicas:
            journal.write("live", NOW, [{"id": id}])
            journal.sync()
            journal.sweep()
    assert len(caplog.messages) == 2 and len(list(folder.iterdir())) == 4


def test_while_storage_is_away_answers_wait_in_one_file_and_come_once_it_is_back(folder, store):
    journal = Journal(folder, NOWHERE)
    for id in range(6):
        journal.write("live", NOW, [{"id": id}])
        journal.sweep()
    assert len(list(folder.iterdir())) == 2
    waiting = sum(path.stat().st_size for path in folder.iterdir())
    assert REGISTRY.get_sample_value("journal_pending_bytes") == waiting
    journal.predictions = store
    journal.sweep()
    assert REGISTRY.get_sample_value("journal_pending_bytes") == 0
    assert ids(store) == list(range(6)) and list(folder.iterdir()) == []


def test_an_upload_whose_answer_was_lost_is_not_stored_twice(folder, store):
    journal = Journal(folder, store)
    journal.write("live", NOW, [{"id": 1}])
    journal.finish()
    (file,) = journal.finished
    create(store, file.object_name(), file.path.read_bytes())
    journal.sweep()
    assert ids(store) == [1] and list(folder.iterdir()) == []


def test_what_a_dead_replica_left_is_uploaded_by_another_but_not_what_a_living_one_writes(
    folder, store
):
    dead, living, other = (Journal(folder, store) for _ in range(3))
    dead.write("live", NOW, [{"id": 1}])
    living.write("live", NOW, [{"id": 2}])
    abandon(dead)
    other.sweep()
    assert ids(store) == [1]
    living.write("live", NOW, [{"id": 3}])
    living.sweep()
    assert ids(store) == [1, 2, 3]


def test_a_file_that_was_just_begun_and_is_taken_for_a_leftover_is_not_written_to(
    folder, store, monkeypatch
):
    writer, sweeper = Journal(folder, store), Journal(folder, store)
    lock = fcntl.flock

    def sweep_first(descriptor, how):
        monkeypatch.setattr(fcntl, "flock", lock)
        sweeper.sweep()
        lock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", sweep_first)
    writer.write("live", NOW, [{"id": 1}])
    abandon(writer)
    sweeper.sweep()
    assert ids(store) == [1]


def test_a_line_that_a_crash_cut_off_was_never_answered_and_is_left_out(folder, store):
    journal = Journal(folder, store)
    journal.write("live", NOW, [{"id": 1}])
    os.write(journal.file("live", "2013-04-01T09").descriptor, b'{"id": 2, "predic')
    abandon(journal)
    Journal(folder, store).sweep()
    assert ids(store) == [1]


def test_a_full_disk_leaves_no_half_line(folder, store):
    journal = Journal(folder, store)
    journal.write("live", NOW, [{"id": 1}])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (15, before[1]))
    try:
        with pytest.raises(OSError):
            journal.write("live", NOW, [{"id": 2}])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    journal.write("live", NOW, [{"id": 3}])
    journal.sweep()
    assert ids(store) == [1, 3]


def test_a_value_that_is_no_number_is_never_written(folder, store):
    journal = Journal(folder, store)
    with pytest.raises(ValueError):
        journal.write("live", NOW, [{"id": 1, "prediction": float("nan")}])
    journal.sweep()
    assert names(store) == []
