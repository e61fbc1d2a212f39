"""Signing in at the gateway: who is let in, and what guessing costs whom."""

import base64
import time

import pytest

from core import passwords
from gateway import sign_in
from gateway.sign_in import Door, Guesses, People, Slowed

HOME, ELSEWHERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(passwords, "SCRYPT", {"n": 2, "r": 8, "p": 1})


@pytest.fixture
def users(tmp_path):
    file = tmp_path / "users"
    file.write_text(f"# Who may sign in.\nann {passwords.hashed('her password')}\nbroken\n")
    return file


@pytest.fixture
def door(users):
    return Door(People("admin", "secret", users))


def fail(door: Door, times: int, address: str = ELSEWHERE) -> None:
    for number in range(times):
        assert not door.admits("ann", f"guess {number}", address)


def test_people_of_the_file_and_of_env_come_in_with_their_own_password(door):
    assert door.admits("admin", "secret", HOME) and door.admits("ann", "her password", HOME)
    assert not door.admits("ann", "secret", HOME) and not door.admits("nobody", "", HOME)


@pytest.mark.parametrize("password", ["ä" * 40, "x" * 1000, "a:b c", ""])
def test_any_text_can_be_a_password(password):
    kept = passwords.hashed(password)
    assert passwords.matches(password, kept) and not passwords.matches(password + "x", kept)
    assert not passwords.matches(password, "no hash") and kept != passwords.hashed(password)


def test_an_edit_of_the_file_counts_at_once_also_for_who_is_in(door, users):
    assert door.admits("ann", "her password", HOME)
    users.write_text(f"ann {passwords.hashed('another one')}\n")
    assert not door.admits("ann", "her password", HOME)
    assert door.admits("ann", "another one", HOME)
    users.unlink()
    assert not door.admits("ann", "another one", HOME) and door.admits("admin", "secret", HOME)


def test_a_password_is_looked_at_whether_the_name_is_known_or_not(door, monkeypatch):
    looks = []
    monkeypatch.setattr(passwords, "matches", lambda *words: bool(looks.append(words)))
    door.admits("ann", "guess", HOME)
    door.admits("nobody", "guess", HOME)
    assert len(looks) == 2


def test_guesses_slow_down_their_own_address_and_nobody_else(door):
    assert door.admits("ann", "her password", ELSEWHERE)
    fail(door, sign_in.FREE_TRIES)
    with pytest.raises(Slowed):
        door.admits("admin", "secret", ELSEWHERE)
    assert door.admits("admin", "secret", HOME), "who comes from elsewhere is not slowed"
    assert door.admits("ann", "her password", ELSEWHERE), "nor who was in before"


def test_each_refusal_doubles_the_wait_and_time_forgets_it(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    guesses, waits = Guesses(), []
    for _ in range(15):
        guesses.count(HOME)
        waits.append(max(0, round(guesses.wait(HOME))))
    assert waits[:8] == [0, 0, 0, 0, 1, 2, 4, 8] and waits[-1] == sign_in.LONGEST_WAIT
    now[0] += sign_in.FORGOTTEN_AFTER
    assert guesses.count(HOME) == 1


def test_no_number_of_addresses_fills_the_memory(monkeypatch):
    monkeypatch.setattr(sign_in, "MOST_ADDRESSES", 10)
    guesses = Guesses()
    for number in range(50):
        guesses.count(str(number))
    assert len(guesses.refused) == 10


@pytest.mark.parametrize("header", ["", "Basic", "Basic !", "Basic bm9jb2xvbg==", "Bearer YTpi"])
def test_a_header_without_name_and_password_is_not_one(header):
    assert sign_in.credentials(header) is None


def test_a_password_may_have_colons_and_umlauts():
    word = base64.b64encode("zoë:a:b".encode()).decode()
    assert sign_in.credentials(f"basic {word}") == ("zoë", "a:b")


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("6.6.6.6, 192.0.2.1", "192.0.2.1"),
        ("2001:db8::5", "2001:db8::/64"),
        ("2001:db8::6", "2001:db8::/64"),
        ("", "an unknown address"),
    ],
)
def test_an_address_is_the_one_that_the_gateway_saw(forwarded, address):
    assert sign_in.origin(forwarded) == address
