"""API keys on disk."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from core.keys import ApiKey, KeyProblem, add, hash_key, is_well_formed, load, make_key, put, revoke


@pytest.fixture
def file(tmp_path):
    return tmp_path / "access" / "api-keys.json"


def test_a_key_is_recognised_and_a_typing_mistake_is_seen():
    key = make_key()
    assert key.startswith("slipway_") and len(key) == 46 and is_well_formed(key)
    other = "a" if key[20] != "a" else "b"
    assert not is_well_formed(key[:20] + other + key[21:])
    assert not any(map(is_well_formed, ["", key[:-1], key + "\n", key + "a", key.upper()]))


def test_only_the_hash_of_a_key_is_stored(file):
    key = add(file, "shop", ["predict"])
    assert key not in file.read_text() and hash_key(key) in file.read_text()
    assert load(file)[0].rights == ("predict",)


def test_the_service_which_is_another_user_can_read_the_hashes(file):
    add(file, "shop", ["predict"])
    assert file.stat().st_mode & 0o777 == 0o644


def test_commands_at_the_same_time_lose_nothing(file):
    names = [f"client-{number}" for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: add(file, name, ["predict"]), names))
    assert sorted(key.name for key in load(file)) == sorted(names)


def test_a_revoked_key_is_gone_and_the_others_stay(file):
    add(file, "shop", ["predict"])
    add(file, "till", ["model"])
    revoke(file, "shop")
    assert [key.name for key in load(file)] == ["till"]


def test_a_key_can_be_limited_in_time(file):
    add(file, "guest", ["predict"], days=7)
    (guest,) = load(file)
    assert not guest.expired()
    yesterday = datetime.now(UTC) - timedelta(days=1)
    assert ApiKey("guest", "", ("predict",), "", yesterday.isoformat()).expired()


def test_a_key_from_env_is_let_in_once_and_replaced_when_it_changes(file):
    first, second = make_key(), make_key()
    put(file, "owner", first, ["predict"])
    before = file.stat()
    put(file, "owner", first, ["predict"])
    assert file.stat().st_ino == before.st_ino
    put(file, "owner", second, ["predict"])
    assert [key.hash for key in load(file)] == [hash_key(second)]


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        (lambda file: add(file, "shop", ["predict"]), "There is a key named 'shop' already"),
        (lambda file: add(file, "the shop", ["predict"]), "can't name a key"),
        (lambda file: add(file, "", ["predict"]), "can't name a key"),
        (lambda file: add(file, "new", []), "one or more of predict, outcomes, model"),
        (lambda file: add(file, "new", ["admin"]), "not admin"),
        (lambda file: add(file, "new", ["predict"], days=0), "1 to 3650 days"),
        (lambda file: put(file, "owner", "secret", ["predict"]), "run `make env`"),
        (lambda file: revoke(file, "shopp"), "There are: shop."),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_changes_nothing(file, wish, sentence):
    add(file, "shop", ["predict"])
    before = file.read_bytes()
    with pytest.raises(KeyProblem, match=sentence.replace("?", r"\?")):
        wish(file)
    assert file.read_bytes() == before
