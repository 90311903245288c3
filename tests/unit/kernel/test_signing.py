import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hoa.kernel import signing

PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\x03" * 32)
PUBLIC = PRIVATE.public_key().public_bytes_raw()


def test_the_message_names_format_and_kind_and_leaves_the_signature_out() -> None:
    unsigned = {"key": "k", "assembly": "a"}
    expected = b'hoa-assembly/1/receipt\n{"assembly":"a","key":"k"}'
    assert signing.message("receipt", unsigned) == expected
    assert signing.message("receipt", {**unsigned, "signature": "anything"}) == expected


@pytest.mark.parametrize("kind", ["", "Receipt", "a b", "receipt\n", "-x", "x" * 65])
def test_a_kind_is_one_plain_word(kind: str) -> None:
    with pytest.raises(ValueError, match="kind"):
        signing.message(kind, {})


def test_a_key_id_can_be_recomputed_from_the_key() -> None:
    assert signing.key_id("ed25519", PUBLIC) == hashlib.sha256(b"hoa-key/1\ned25519\n" + PUBLIC).hexdigest()[:32]


def test_only_the_true_signature_over_the_true_bytes_holds() -> None:
    message = signing.message("tally", {"n": 1})
    signature = PRIVATE.sign(message)
    assert signing.verify_ed25519(public=PUBLIC, signature=signature, message=message)
    assert not signing.verify_ed25519(public=PUBLIC, signature=signature, message=message + b" ")
    assert not signing.verify_ed25519(public=PUBLIC, signature=signature[:-1], message=message)
    assert not signing.verify_ed25519(public=b"short", signature=signature, message=message)
    other = Ed25519PrivateKey.from_private_bytes(b"\x04" * 32).public_key().public_bytes_raw()
    assert not signing.verify_ed25519(public=other, signature=signature, message=message)
