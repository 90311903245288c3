"""`hoa sign`: files in, files out; wrong files are refused and nothing is written."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from hoa.accounts import personal_keys
from hoa.accounts.commands import PersonalKey, sign
from hoa.kernel import sign_files, signing
from hoa.kernel.sign_files import Item

ENTRY = Item("p1", "entry", '{"assembly":"ab","nonce":"cd","type":"void"}')


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(sign, [str(argument) for argument in arguments])


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key.pem"
    assert run("new-key", path).exit_code == 0
    return path


def waiting(tmp_path: Path, key: Path, *items: Item) -> Path:
    path = tmp_path / "to-sign.json"
    path.write_bytes(sign_files.write_to_sign(PersonalKey(key).id, items))
    return path


def written(private: ec.EllipticCurvePrivateKey, path: Path, password: bytes | None = None) -> Path:
    hidden = BestAvailableEncryption(password) if password else NoEncryption()
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden))
    return path


def test_a_new_key_can_be_read_by_its_owner_alone_and_is_never_overwritten(key: Path) -> None:
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    again = run("new-key", key)
    assert again.exit_code == 1
    assert "never overwritten" in again.output
    assert key.read_bytes() == before


def test_the_public_half_is_the_one_whose_id_the_record_names(key: Path) -> None:
    lines = dict(line.split(": ") for line in run("public", key).output.splitlines())
    assert signing.is_p256_point(bytes.fromhex(lines["public"]))
    assert lines["key"] == personal_keys.key_id(bytes.fromhex(lines["public"]))


def test_a_claim_holds_for_the_person_it_names_and_nobody_else(key: Path) -> None:
    lines = dict(line.split(": ") for line in run("claim", "--person", "p-1", "--key", key).output.splitlines())
    public, signature = bytes.fromhex(lines["public"]), bytes.fromhex(lines["signature"])
    for person, holds in (("p-1", True), ("p-2", False)):
        message = signing.message("key", personal_keys.claim(person, public))
        assert signing.verify_p256(public=public, signature=signature, message=message) is holds


def test_every_item_is_signed_over_the_bytes_that_the_server_checks(tmp_path: Path, key: Path) -> None:
    items = [ENTRY, Item("tally-full", "tally", '{"form":"full"}')]
    output = tmp_path / "signed.json"
    done = run(waiting(tmp_path, key, *items), "--key", key, "-o", output)
    assert done.exit_code == 0, done.output
    found = sign_files.read_signed(output.read_bytes())
    public = PersonalKey(key).public
    for item in items:
        message = f"hoa-assembly/1/{item.kind}\n{item.text}".encode()
        assert signing.verify_p256(public=public, signature=found[item.id], message=message)


@pytest.mark.parametrize(
    "content",
    [
        b"not json",
        b"[]",
        b'{"format":"hoa-signed/1","key":"k","signatures":[]}',
        b'{"format":"hoa-to-sign/1","key":"k","items":[{"id":"a","kind":"package","text":"{}"}]}',
        b'{"format":"hoa-to-sign/1","key":"k","items":[{"id":"a","kind":"entry","text":"{ }"}]}',
        b'{"format":"hoa-to-sign/1","key":"k","items":[{"id":"a","kind":"entry","text":"[1]"}]}',
        b'{"format":"hoa-to-sign/1","key":"k","items":[{"id":"a","kind":"entry"}]}',
    ],
)
def test_a_file_that_the_sign_page_did_not_give_is_refused(tmp_path: Path, key: Path, content: bytes) -> None:
    file, output = tmp_path / "wrong.json", tmp_path / "signed.json"
    file.write_bytes(content)
    refused = run(file, "--key", key, "-o", output)
    assert refused.exit_code == 1
    assert "nothing was signed" in refused.output
    assert not output.exists()


def test_a_file_that_waits_for_another_key_is_refused(tmp_path: Path, key: Path) -> None:
    other = tmp_path / "other.pem"
    run("new-key", other)
    output = tmp_path / "signed.json"
    refused = run(waiting(tmp_path, key, ENTRY), "--key", other, "-o", output)
    assert refused.exit_code == 1
    assert PersonalKey(key).id in refused.output
    assert PersonalKey(other).id in refused.output
    assert not output.exists()


def test_wrong_key_files_are_told_apart(tmp_path: Path) -> None:
    text = tmp_path / "text.pem"
    text.write_text("hello")
    cases = {
        tmp_path / "missing.pem": "cannot be read",
        text: "not a private key in PEM",
        written(ec.generate_private_key(ec.SECP384R1()), tmp_path / "p384.pem"): "P-256",
        written(ec.generate_private_key(ec.SECP256R1()), tmp_path / "locked.pem", b"secret"): "encrypted",
    }
    for path, words in cases.items():
        refused = run("public", path)
        assert refused.exit_code == 1
        assert words in refused.output


def test_the_command_needs_no_settings_and_no_database(tmp_path: Path) -> None:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("HOA_")}
    command = [sys.executable, "-m", "hoa.cli", "sign", "new-key", str(tmp_path / "key.pem")]
    done = subprocess.run(
        command,
        env={**bare, "HOA_PORT": "none", "HOA_PRODUCTION": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "p256:" in done.stdout


def test_a_signed_file_that_is_none_is_refused_as_a_whole() -> None:
    good = {"id": "a", "signature": "00" * 64}
    for lines in ([good, {"id": "b"}], [good, {"id": "b", "signature": "00"}], "x"):
        with pytest.raises(sign_files.NotASignedFile):
            sign_files.read_signed(json.dumps({"format": "hoa-signed/1", "key": "k", "signatures": lines}).encode())
