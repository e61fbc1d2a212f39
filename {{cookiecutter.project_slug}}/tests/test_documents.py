"""Reading a folder that grows for ever costs what has changed, and gives what is there."""

import pytest
from typing_extensions import TypedDict

from core import documents
from core.documents import MOST_OUTSIDE, Documents
from core.layout import INDEXES
from core.storage import names

MANY = MOST_OUTSIDE + 50


class Note(TypedDict):
    number: int


def notes() -> Documents[Note]:
    """Return the folder as a process that has just begun knows it."""
    return Documents("notes", Note, indexed=True)


@pytest.fixture
def store(storage):
    """Hold many notes, of which an index has been written."""
    for number in range(MANY):
        put(storage("processed"), number)
    assert len(notes().read_all(storage("processed"))) == MANY
    return storage("processed")


@pytest.fixture
def reads(monkeypatch) -> list[str]:
    """Return the list of what is read from now on."""
    paths, read = [], documents.read
    monkeypatch.setattr(
        documents, "read", lambda store, path: paths.append(path) or read(store, path)
    )
    return paths


def put(store, number: int, content: str = "") -> None:
    store.put(f"notes/{number:04}.json", (content or f'{{"number": {number}}}').encode())


def numbers(store) -> list[int]:
    return [note["number"] for note in notes().read_all(store)]


def test_what_has_not_changed_is_read_in_one_object(store, reads):
    put(store, 3, '{"number": 1000}')
    put(store, MANY)
    store.delete("notes/0005.json")
    expected = [1000 if number == 3 else number for number in range(MANY + 1) if number != 5]
    assert numbers(store) == expected
    (index,) = names(store, INDEXES)
    assert sorted(reads) == [index, "notes/0003.json", f"notes/{MANY:04}.json"]


def test_a_broken_document_is_told_each_time_and_stops_no_other(store):
    put(store, 7, "{")
    for number in range(MANY, 2 * MANY):  # more than stay outside: the index is written anew
        put(store, number)
    for _ in range(2):
        told: dict[str, str] = {}
        assert len(notes().read_all(store, told.setdefault)) == 2 * MANY - 1
        assert told.keys() == {"notes/0007.json"}


def test_without_its_index_or_with_a_broken_one_all_is_read_again(store, reads):
    (index,) = names(store, INDEXES)
    for content in (b"{", None):
        store.put(index, content) if content else store.delete(index)
        assert numbers(store) == list(range(MANY))
        assert len(reads) > MANY


def test_a_process_reads_each_document_once_and_sees_what_has_changed(store, reads):
    of_process = notes()
    of_process.read_all(store)
    reads.clear()
    assert len(of_process.read_all(store)) == MANY
    assert reads == []
    put(store, 3, '{"number": 1000}')
    store.delete("notes/0005.json")
    assert {"number": 1000} in of_process.read_all(store)
    assert len(of_process.read_all(store)) == MANY - 1
    assert reads == ["notes/0003.json"]
