"""What exactly is signed, and by which key.

A signature is over ``"hoa-assembly/1/<kind>\\n" ‖ canonical(object without its signature)`` (voting-record.md 1): the
kind keeps a signature of one sort of object from passing as another's. A key id is the first 16 bytes, in hex, of
``SHA-256("hoa-key/1\\n" ‖ algorithm ‖ "\\n" ‖ public key bytes)``, so that anyone can recompute it from the key itself.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from hoa.kernel import canonical

FORMAT = "hoa-assembly/1"
ED25519 = "ed25519"
P256 = "p256"
P256_POINT_BYTES = 65
P256_SIGNATURE_BYTES = 64
_KIND = re.compile(r"[a-z][a-z0-9-]{0,63}\Z")


def message(kind: str, value: Mapping[str, Any]) -> bytes:
    """The bytes to sign for an object; a member ``signature`` that it may already carry is left out."""
    if not _KIND.match(kind):
        raise ValueError(f"not a kind of signed object: {kind!r}")
    unsigned = {key: member for key, member in value.items() if key != "signature"}
    return f"{FORMAT}/{kind}\n".encode() + canonical.encode(unsigned)


def key_id(algorithm: str, public: bytes) -> str:
    """The id by which signatures name their key: 32 hex characters."""
    return hashlib.sha256(f"hoa-key/1\n{algorithm}\n".encode() + public).hexdigest()[:32]


def verify_ed25519(*, public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature holds; malformed keys and signatures simply do not."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def is_p256_point(public: bytes) -> bool:
    """Whether these bytes are an uncompressed point of P-256 (65 bytes, ``04 ‖ x ‖ y``; SEC 1, 2.3.3)."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    except ValueError:
        return False
    return len(public) == P256_POINT_BYTES


def verify_p256(*, public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a personal signature holds: ECDSA P-256 with SHA-256, written ``r ‖ s`` as WebCrypto gives it (64 bytes);
    malformed keys and signatures simply do not.
    """
    if len(signature) != P256_SIGNATURE_BYTES or len(public) != P256_POINT_BYTES:
        return False
    half = P256_SIGNATURE_BYTES // 2
    pair = encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
        key.verify(pair, message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True
