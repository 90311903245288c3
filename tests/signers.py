"""Personal keys for tests: what a browser or `hoa sign` does, with keys made from names (never used outside tests)."""

import hashlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Signer:
    """A P-256 key whose secret follows from a name."""

    def __init__(self, name: str) -> None:
        secret = int.from_bytes(hashlib.sha256(name.encode()).digest()) >> 1
        self._private = ec.derive_private_key(secret, ec.SECP256R1())
        self.public = self._private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def sign(self, message: bytes) -> bytes:
        """`r ‖ s`, as WebCrypto gives it."""
        r, s = decode_dss_signature(self._private.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
        return (r << 256 | s).to_bytes(64)
