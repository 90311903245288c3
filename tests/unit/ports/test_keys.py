import json
import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hoa.kernel import signing
from hoa.ports.keys import KeyDamaged, KeyMissing, Keys, KeysExposed, LocalKeys, NotOpened


@pytest.fixture
def keys(tmp_path: Path) -> LocalKeys:
    return LocalKeys(tmp_path / "keys")


def holds(keys: Keys, key_id: str, value: bytes, message: bytes) -> bool:
    public = keys.public_keys()[key_id].public
    return signing.verify_ed25519(public=public, signature=value, message=message)


def test_a_signature_names_its_key_and_anyone_can_check_it(keys: LocalKeys) -> None:
    signature = keys.sign("log", b"head")
    assert signature.key_id == keys.signing_key("log")
    public = keys.public_keys()[signature.key_id]
    assert (public.purpose, public.algorithm) == ("log", "ed25519")
    assert signature.key_id == signing.key_id("ed25519", public.public)
    assert holds(keys, signature.key_id, signature.value, b"head")
    assert not holds(keys, signature.key_id, signature.value, b"tail")


def test_purposes_have_keys_of_their_own(keys: LocalKeys) -> None:
    assert keys.signing_key("log") != keys.signing_key("tally")
    assert keys.mac("phone", b"1") != keys.mac("address", b"1")


def test_another_process_finds_the_same_keys(keys: LocalKeys) -> None:
    other = LocalKeys(keys.folder)
    assert other.signing_key("log") == keys.signing_key("log")
    assert other.mac("phone", b"1") == keys.mac("phone", b"1")
    assert other.open("ballot", keys.seal("ballot", b"agree", b"row 1"), b"row 1") == b"agree"


def test_after_rotation_new_keys_sign_and_old_work_stays_readable(keys: LocalKeys) -> None:
    watching = LocalKeys(keys.folder)
    old, sealed, digest = watching.sign("log", b"head"), watching.seal("log", b"text", b"row"), keys.mac("log", b"x")
    keys.rotate("log")
    for opened in (keys, watching, LocalKeys(keys.folder)):
        assert opened.signing_key("log") != old.key_id
        assert opened.sign("log", b"head").key_id == keys.signing_key("log")
        assert holds(opened, old.key_id, old.value, b"head")
        assert opened.open("log", sealed, b"row") == b"text"
        assert opened.mac("log", b"x") == digest
    assert keys.seal("log", b"text", b"row")[5:21] != sealed[5:21]


def test_a_retired_key_signs_when_it_is_named(keys: LocalKeys) -> None:
    old = keys.signing_key("log")
    keys.rotate("log")
    signature = LocalKeys(keys.folder).sign("log", b"head", key_id=old)
    assert signature.key_id == old
    assert holds(keys, old, signature.value, b"head")


def test_rotating_what_was_never_used_makes_nothing(keys: LocalKeys) -> None:
    keys.rotate("log")
    assert keys.public_keys() == {}


def test_a_key_serves_only_its_own_purpose(keys: LocalKeys) -> None:
    tally = keys.signing_key("tally")
    with pytest.raises(KeyMissing):
        keys.sign("log", b"head", key_id=tally)
    with pytest.raises(KeyMissing):
        keys.sign("log", b"head", key_id="0" * 32)


@pytest.mark.parametrize("purpose", ["", "Log", "a b", "../log", "x" * 65, "log\n"])
def test_a_purpose_is_one_plain_word(keys: LocalKeys, purpose: str) -> None:
    with pytest.raises(ValueError, match="purpose"):
        keys.sign(purpose, b"")
    with pytest.raises(ValueError, match="purpose"):
        keys.rotate(purpose)


def test_sealed_text_opens_only_where_it_belongs(keys: LocalKeys) -> None:
    sealed = keys.seal("ballot", b"agree", b"row 1")
    assert b"agree" not in sealed
    assert sealed != keys.seal("ballot", b"agree", b"row 1")
    with pytest.raises(NotOpened):
        keys.open("ballot", sealed, b"row 2")
    with pytest.raises(KeyMissing):
        keys.open("phone", sealed, b"row 1")


def test_any_changed_byte_of_sealed_text_is_noticed(keys: LocalKeys) -> None:
    sealed = keys.seal("ballot", b"agree", b"row")
    for place in range(len(sealed)):
        changed = sealed[:place] + bytes((sealed[place] ^ 1,)) + sealed[place + 1 :]
        with pytest.raises((NotOpened, KeyMissing)):
            keys.open("ballot", changed, b"row")
    for wrong in (b"", sealed[:-1], sealed[:60], sealed + b"x"):
        with pytest.raises(NotOpened):
            keys.open("ballot", wrong, b"row")


def test_files_are_for_their_owner_only(keys: LocalKeys) -> None:
    keys.sign("log", b"")
    keys.seal("log", b"", b"")
    keys.mac("log", b"")
    assert stat.S_IMODE(keys.folder.stat().st_mode) == 0o700
    assert len(list(keys.folder.iterdir())) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys.folder.iterdir()} == {0o600}


def test_keys_that_others_can_read_are_refused_with_the_cure(keys: LocalKeys) -> None:
    keys.sign("log", b"")
    (path,) = keys.folder.iterdir()
    path.chmod(0o640)
    with pytest.raises(KeysExposed, match="chmod 600"):
        LocalKeys(keys.folder).sign("log", b"")
    path.chmod(0o600)
    keys.folder.chmod(0o755)
    with pytest.raises(KeysExposed, match="chmod 700"):
        LocalKeys(keys.folder)


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"secret": "AAAA", "id": "x"}', '{"secret": 5}'])
def test_a_damaged_file_is_named(keys: LocalKeys, damage: str) -> None:
    keys.sign("log", b"")
    (path,) = keys.folder.iterdir()
    path.write_text(damage)
    with pytest.raises(KeyDamaged, match=path.name):
        LocalKeys(keys.folder).sign("log", b"")


def test_a_key_whose_secret_was_swapped_is_noticed(keys: LocalKeys) -> None:
    keys.sign("log", b"")
    (path,) = keys.folder.iterdir()
    document = json.loads(path.read_text())
    document["secret"] = "A" * 43 + "="
    path.write_text(json.dumps(document))
    with pytest.raises(KeyDamaged):
        LocalKeys(keys.folder).public_keys()


def test_many_at_once_get_one_key(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    barrier = threading.Barrier(8)

    def first_use(_number: int) -> str:
        opened = LocalKeys(folder)
        barrier.wait()
        return opened.signing_key("log")

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(first_use, range(8)))) == 1
    assert os.listdir(folder) == ["sign.log.000001.json"]
