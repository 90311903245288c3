"""The deployment's own certificate authority and the certificate that seals its PDFs.

PDF readers know X.509, not our Ed25519 keys, so a report is sealed with ECDSA P-256 under a CA of the deployment; its
fingerprint is printed on notices, so that whoever holds a notice can tell our seal from one that merely bears our name.
An HSM or KMS takes the place of `LocalCertificates` behind the same Protocol.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# Vouchers and reports are kept for 30 years (会计档案管理办法, rules.md R4.9); without a trusted time stamp a seal can
# only be checked while its certificate is valid, so the certificate lives as long and its authority a little longer.
SEAL_YEARS = 30
AUTHORITY_YEARS = 40
PLATFORM_NAME = "小区自治平台"
SEAL_NAME = "小区自治平台 文件签章"
_YEAR = timedelta(days=365)
# A demo or a restored deployment may have a clock behind ours; a seal must not be "not yet valid" there.
_BACKDATED = timedelta(days=366)


@dataclass(frozen=True, kw_only=True)
class Seal:
    """What signs a PDF: private key and certificate chain in DER, the seal's own certificate first."""

    key: bytes
    certificate: bytes
    authority: bytes


class Certificates(Protocol):
    def seal(self, *, now: datetime) -> Seal:
        """The platform's seal, created at first use."""
        ...

    def personal(self, *, public: bytes, name: str, organization: str, now: datetime) -> bytes:
        """DER of a new certificate for a person's own P-256 key (65 bytes, uncompressed), under the same authority.
        `name` is what readers show as the signer."""
        ...

    def trust_roots(self) -> Sequence[bytes]:
        """DER of the authorities whose seals are ours; empty before the first seal was made."""
        ...


class LocalCertificates:
    """PEM files of mode 0600 in the deployment's key folder, written once and never replaced."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def seal(self, *, now: datetime) -> Seal:
        authority = self._once("pdf-authority.pem", lambda: _authority(now))
        held = self._once("pdf-seal.pem", lambda: _seal(authority, now))
        return Seal(key=_key_der(held), certificate=_certificate_der(held), authority=_certificate_der(authority))

    def personal(self, *, public: bytes, name: str, organization: str, now: datetime) -> bytes:
        authority = self._once("pdf-authority.pem", lambda: _authority(now))
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
        subject = _name(organization=organization, name=name)
        return _issued(authority, subject, key, now).public_bytes(serialization.Encoding.DER)

    def trust_roots(self) -> Sequence[bytes]:
        path = self._folder / "pdf-authority.pem"
        return [_certificate_der(path.read_bytes())] if path.exists() else []

    def _once(self, name: str, make: _Maker) -> bytes:
        """Two processes may start at once: whoever links the file first wins and both use that one."""
        path = self._folder / name
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = self._folder / f".{name}.{secrets.token_hex(8)}"
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as stream:
                    stream.write(make())
                    stream.flush()
                    os.fsync(stream.fileno())
                try:
                    os.link(draft, path)
                except FileExistsError:
                    return path.read_bytes()
            finally:
                draft.unlink()
        return path.read_bytes()


class _Maker(Protocol):
    def __call__(self) -> bytes: ...


def fingerprint(certificate: bytes) -> str:
    """SHA-256 of a DER certificate as people compare it: eight groups of eight."""
    digest = hashlib.sha256(certificate).hexdigest()
    return " ".join(digest[at : at + 8] for at in range(0, 64, 8))


# X.520 upper bounds; a longer name is shortened with a mark, never refused, because it only labels the key.
_NAME_LENGTH = 64


def _name(*, organization: str, name: str) -> x509.Name:
    def fitted(text: str) -> str:
        return text if len(text) <= _NAME_LENGTH else text[: _NAME_LENGTH - 1] + "…"

    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, fitted(organization)),
            x509.NameAttribute(NameOID.COMMON_NAME, fitted(name)),
        ]
    )


def _authority(now: datetime) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    serial = x509.random_serial_number()
    name = _name(organization=PLATFORM_NAME, name=f"文件签章根证书 {serial:040x}"[:40])
    builder = _builder(name, name, key.public_key(), serial, now, AUTHORITY_YEARS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(certificates=True), critical=True)
    return _pem(key, builder.sign(key, hashes.SHA256()))


def _seal(authority: bytes, now: datetime) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(organization=PLATFORM_NAME, name=SEAL_NAME)
    return _pem(key, _issued(authority, name, key.public_key(), now))


def _issued(authority: bytes, name: x509.Name, public: ec.EllipticCurvePublicKey, now: datetime) -> x509.Certificate:
    """A certificate of the authority (PEM of key and certificate) for a key that signs documents."""
    root_key = serialization.load_pem_private_key(authority, password=None)
    root = x509.load_pem_x509_certificate(authority)
    if not isinstance(root_key, ec.EllipticCurvePrivateKey):
        raise TypeError("the authority's key is not an elliptic curve key")
    builder = _builder(name, root.subject, public, x509.random_serial_number(), now, SEAL_YEARS)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(certificates=False), critical=True)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False
    )
    return builder.sign(root_key, hashes.SHA256())


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    serial: int,
    now: datetime,
    years: int,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + years * _YEAR)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=not certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> bytes:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def _key_der(pem: bytes) -> bytes:
    return serialization.load_pem_private_key(pem, password=None).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _certificate_der(pem: bytes) -> bytes:
    return x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)
