import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from hoa.kernel import merkle
from hoa.kernel.checkpoint import (
    BadKeyText,
    BadName,
    BadNote,
    BadTreeHeadSignature,
    Checkpoint,
    KeyType,
    Note,
    SignatureLine,
    VerifierKey,
    cosign_head,
    parse,
    sign_head,
    verify,
)

ORIGIN = "hoa.example/WTY/" + "ab" * 32
SEED = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
LOG = VerifierKey(ORIGIN, KeyType.LOG, SEED.public_key().public_bytes_raw())
WITNESS_SEED = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)
WITNESS = VerifierKey("supervisors.example", KeyType.WITNESS, WITNESS_SEED.public_key().public_bytes_raw())
HEAD = Checkpoint(ORIGIN, 7, merkle.leaf_hash(b"seven"))
TIME = 1_792_000_000


def note() -> Note:
    return Note(HEAD, (sign_head(HEAD, LOG, SEED.sign), cosign_head(HEAD, WITNESS, WITNESS_SEED.sign, time=TIME)))


def test_the_key_id_agrees_with_the_published_test_vector() -> None:
    assert LOG.key_id.hex() == "cf45f0b1"


def test_the_body_is_origin_size_and_padded_base64() -> None:
    assert Checkpoint("a.example/b", 0, merkle.EMPTY_ROOT).body == (
        b"a.example/b\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    )


def test_a_note_reads_back_and_its_known_signers_verify() -> None:
    again = parse(note().text)
    assert again == note()
    log, witness = verify(again, [LOG, WITNESS])
    assert (log.key, log.time) == (LOG, None)
    assert (witness.key, witness.time) == (WITNESS, TIME)


def test_unknown_keys_are_ignored() -> None:
    assert [found.key for found in verify(note(), [WITNESS])] == [WITNESS]
    assert verify(note(), []) == ()
    other = VerifierKey(ORIGIN, KeyType.LOG, WITNESS.public)
    assert verify(note(), [other]) == ()


def test_a_signature_given_twice_counts_once() -> None:
    twice = Note(HEAD, note().signatures * 2)
    assert [found.key for found in verify(twice, [LOG, WITNESS])] == [LOG, WITNESS]


@pytest.mark.parametrize("line", [0, 1])
def test_a_known_key_that_fails_rejects_the_note(line: int) -> None:
    good = note().signatures[line]
    for blob in (good.blob[:-1], good.blob[:-1] + bytes((good.blob[-1] ^ 1,)), good.blob + b"\0", b"\0"):
        bad = SignatureLine(good.name, good.key_id, blob)
        with pytest.raises(BadTreeHeadSignature):
            verify(Note(HEAD, (bad,)), [LOG, WITNESS])


def test_signatures_do_not_move_to_another_head() -> None:
    other = Checkpoint(ORIGIN, 8, HEAD.root)
    with pytest.raises(BadTreeHeadSignature):
        verify(Note(other, note().signatures), [LOG])


def test_a_witness_vouches_for_its_time() -> None:
    line = note().signatures[1]
    moved = SignatureLine(line.name, line.key_id, (TIME + 1).to_bytes(8) + line.blob[8:])
    with pytest.raises(BadTreeHeadSignature):
        verify(Note(HEAD, (moved,)), [WITNESS])
    with pytest.raises(ValueError, match="time"):
        cosign_head(HEAD, WITNESS, WITNESS_SEED.sign, time=-1)


@given(st.binary(min_size=32, max_size=32), st.sampled_from(KeyType))
def test_a_key_reads_back_from_its_printed_form(public: bytes, kind: KeyType) -> None:
    key = VerifierKey("witness.example/x", kind, public)
    assert VerifierKey.parse(key.text) == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a+b",
        LOG.text.replace("+cf45f0b1+", "+cf45f0b2+"),
        LOG.text.replace("+cf45f0b1+", "+CF45F0B1+"),
        LOG.text[:-2],
        LOG.text + "=",
        "name+00000000+" + base64.b64encode(b"\x09" + b"k" * 32).decode(),
        "name+00000000+" + base64.b64encode(b"\x01" + b"k" * 31).decode(),
        "name+00000000+",
        "name+00000000+é",
    ],
)
def test_a_miscopied_key_is_refused(text: str) -> None:
    with pytest.raises(BadKeyText):
        VerifierKey.parse(text)


@pytest.mark.parametrize("name", ["", "with space", "with+plus", "wörd", "x" * 256, "line\n"])
def test_names_are_visible_ascii(name: str) -> None:
    with pytest.raises(BadName):
        VerifierKey(name, KeyType.LOG, LOG.public)
    with pytest.raises(BadName):
        Checkpoint(name, 0, merkle.EMPTY_ROOT)


@pytest.mark.parametrize(("size", "root", "line"), [(-1, b"r" * 32, 2), (2**63, b"r" * 32, 2), (1, b"r" * 31, 3)])
def test_a_head_that_cannot_be_is_refused(size: int, root: bytes, line: int) -> None:
    with pytest.raises(BadNote) as caught:
        Checkpoint(ORIGIN, size, root)
    assert caught.value.params == {"line": line}


def spoiled(old: bytes, new: bytes) -> bytes:
    text = note().text
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", 1),
        (HEAD.body, 4),
        (HEAD.body + b"\n", 5),
        (note().text[:-1], 6),
        (note().text + b"\n", 7),
        (spoiled(b"\n7\n", b"\n07\n"), 2),
        (spoiled(b"\n7\n", b"\n-7\n"), 2),
        (spoiled(b"\n7\n", b"\n" + b"9" * 19 + b"\n"), 2),
        (spoiled(b"=\n\n", b"\n\n"), 3),
        (spoiled(base64.b64encode(HEAD.root), b"AAAA"), 3),
        (spoiled(base64.b64encode(HEAD.root), b"*" * 44), 3),
        (spoiled(b"=\n\n", b"=\nextension\n\n"), 4),
        (spoiled("\u2014 ".encode(), b"- "), 5),
        (spoiled(b"supervisors.example ", b"super+visors.example "), 6),
        (spoiled(b"supervisors.example ", "supervisörs.example ".encode()), 6),
        (HEAD.body + "\n\u2014 name AAAA\n".encode(), 5),
        (HEAD.body + "\n\u2014 name AAAAA\n".encode(), 5),
        (HEAD.body + "\n\u2014 name AAAAAAAAAB==\n".encode(), 5),
        (HEAD.body + b"\n\xff\n", 5),
    ],
)
def test_a_note_written_otherwise_is_refused_with_its_line(data: bytes, line: int) -> None:
    with pytest.raises(BadNote) as caught:
        parse(data)
    assert caught.value.params == {"line": line}
