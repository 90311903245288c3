"""The personal keys of the demo's officials: known to everybody who has the source, so that a visitor can sign as any
of them. They exist in a deployment only where the demo flag is set (`hoa.demo.views`).
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlalchemy.orm import Session

from hoa.accounts import personal_keys
from hoa.kernel import signing
from voting.rules.officials import Role
from voting.rules.package import Form
from voting.service import countersigning, officials, tallying
from voting.tables import Assembly

# Who does what in every assembly of the demo, by the cast's keys (`hoa.demo.people`).
STAFF: Mapping[str, Role] = {
    "member": Role.COUNTER,
    "other_member": Role.COUNTER,
    "supervisor": Role.SCRUTINEER,
    "clerk": Role.CLERK,
    "second_clerk": Role.CLERK,
}


class DemoKey:
    """A P-256 key that follows from the name of a demo person."""

    def __init__(self, who: str) -> None:
        # One bit less than the curve's order has: always a valid secret.
        secret = int.from_bytes(hashlib.sha256(f"demo signing key {who}".encode()).digest()) >> 1
        self._private = ec.derive_private_key(secret, ec.SECP256R1())
        self.public = self._private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @property
    def pem(self) -> bytes:
        """The key file, as `hoa sign new-key` writes one."""
        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def sign(self, message: bytes) -> bytes:
        """`r ‖ s`; the same message always gives the same signature, so the demo is the same everywhere."""
        r, s = decode_dss_signature(self._private.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
        half = signing.P256_SIGNATURE_BYTES // 2
        return r.to_bytes(half) + s.to_bytes(half)


def register(session: Session, people: Mapping[str, str], *, now: datetime) -> None:
    """Everybody who will sign registers a key."""
    for who in STAFF:
        key, person = DemoKey(who), people[who]
        proof = key.sign(signing.message("key", personal_keys.claim(person, key.public)))
        personal_keys.register(session, person_id=person, public=key.public, signature=proof, label="演示钥匙", now=now)


def appoint(session: Session, assembly: Assembly, people: Mapping[str, str], *, now: datetime) -> None:
    """Let the notice of this draft name the demo's officials."""
    for who, role in STAFF.items():
        officials.add(session, assembly, person_id=people[who], role=role, now=now)


def countersign(session: Session, assembly: Assembly, people: Mapping[str, str], *, now: datetime) -> None:
    """The counters and the scrutineer sign both forms of the tally."""
    values = countersigning.forms(tallying.tally_of(session, assembly))
    messages = {form: signing.message("tally", value) for form, value in values.items()}
    for who, role in STAFF.items():
        if role is not Role.CLERK:
            key = DemoKey(who)
            countersigning.sign(
                session,
                assembly.community_id,
                assembly.id,
                person_id=people[who],
                public_signature=key.sign(messages[Form.PUBLIC]),
                full_signature=key.sign(messages[Form.FULL]),
                now=now,
            )
