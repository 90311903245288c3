"""The verifier's own Ed25519 and ECDSA P-256 against published vectors and against another implementation."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from voting import verify

# RFC 8032, 7.1, tests 1 to 3: public key, message, signature
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe246"
        "55141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb"
        "00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc"
        "027beceea1ec40a",
    ),
]
# RFC 6979, A.2.5: curve P-256, SHA-256
P256_PUBLIC = (
    "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177"
    "a3c294d4462299"
)
RFC_6979 = [
    (
        "sample",
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
    ),
    (
        "test",
        "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
        "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
    ),
]


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_the_vectors_of_rfc_8032_hold_and_nothing_near_them(public: str, message: str, signature: str) -> None:
    key, text, signed = (bytes.fromhex(part) for part in (public, message, signature))
    assert verify.ed25519_holds(key, text, signed)
    assert not verify.ed25519_holds(key, text + b"\0", signed)
    for at in (0, 31, 32, 63):
        wrong = bytearray(signed)
        wrong[at] ^= 1
        assert not verify.ed25519_holds(key, text, bytes(wrong))
    larger = int.from_bytes(signed[32:], "little") + verify.ED_L
    assert not verify.ed25519_holds(key, text, signed[:32] + larger.to_bytes(32, "little")), "s must be below the order"
    assert not verify.ed25519_holds(key, text, signed[:-1])
    assert not verify.ed25519_holds(key[:-1], text, signed)


def test_bytes_that_are_no_point_are_no_key() -> None:
    no_square = next(
        raw
        for raw in (bytes([number]) + bytes(31) for number in range(2, 40))
        if not any(_on_edwards(int.from_bytes(raw, "little")))
    )
    assert not verify.ed25519_holds(no_square, b"", bytes(64))
    assert not verify.ed25519_holds(b"\xff" * 32, b"", bytes(64))


def _on_edwards(y: int) -> list[bool]:
    """Euler's criterion for x², independent of the square root in the verifier."""
    p = 2**255 - 19
    d = -121665 * pow(121666, -1, p)
    square = (y * y - 1) * pow(d * y * y + 1, -1, p) % p
    return [square == 0 or pow(square, (p - 1) // 2, p) == 1]


@pytest.mark.parametrize(("message", "r", "s"), RFC_6979)
def test_the_vectors_of_rfc_6979_hold_and_nothing_near_them(message: str, r: str, s: str) -> None:
    key, text, signed = bytes.fromhex(P256_PUBLIC), message.encode(), bytes.fromhex(r + s)
    assert verify.p256_holds(key, text, signed)
    assert not verify.p256_holds(key, text + b"\0", signed)
    for at in (0, 31, 32, 63):
        wrong = bytearray(signed)
        wrong[at] ^= 1
        assert not verify.p256_holds(key, text, bytes(wrong))
    assert not verify.p256_holds(key, text, bytes(64)), "r and s of zero"
    assert not verify.p256_holds(key, text, bytes(32) + signed[32:])
    assert not verify.p256_holds(key, text, signed[:32] + verify.P256_N.to_bytes(32, "big"))
    assert not verify.p256_holds(key[:-1] + bytes([key[-1] ^ 1]), text, signed), "not on the curve"
    assert not verify.p256_holds(b"\2" + key[1:], text, signed)
    assert not verify.p256_holds(b"", text, signed)


@pytest.mark.parametrize("number", range(20))
def test_another_implementations_signatures_hold_for_their_message_only(number: int) -> None:
    seed = hashlib.sha256(b"%d" % number).digest()
    ed = Ed25519PrivateKey.from_private_bytes(seed)
    public, signed = ed.public_key().public_bytes_raw(), ed.sign(seed)
    assert verify.ed25519_holds(public, seed, signed)
    assert not verify.ed25519_holds(public, seed[::-1], signed)
    curve = ec.derive_private_key(int.from_bytes(seed, "big") >> 1, ec.SECP256R1())
    r, s = decode_dss_signature(curve.sign(seed, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
    point = curve.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    assert verify.p256_holds(point, seed, (r << 256 | s).to_bytes(64, "big"))
    assert not verify.p256_holds(point, seed[::-1], (r << 256 | s).to_bytes(64, "big"))


def test_the_complete_addition_law_needs_no_special_cases() -> None:
    base = verify._p256_table(verify.P256_BASE)
    assert base is not None
    times = [verify._times(verify._p256_add, verify.P256_ZERO, base, factor) for factor in (0, 1, verify.P256_N)]
    assert times[0][2] == 0
    assert times[1][2] != 0
    assert times[2][2] == 0, "the order times the base is the neutral point"


def test_the_note_key_id_is_that_of_the_specification() -> None:
    public = Ed25519PrivateKey.from_private_bytes(b"\1" * 32).public_key().public_bytes_raw()
    assert verify.note_key_id("hoa.example/WTY/" + "ab" * 32, 1, public).hex() == "cf45f0b1"
