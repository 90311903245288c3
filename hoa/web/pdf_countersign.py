"""A signature in a PDF by somebody whose key never comes here: the server appends an empty signature and says what its
key has to sign; they sign it in their browser or with a key file; the server puts the signature in its place
(books.md 5).

What is signed are the attributes of a CMS signature (RFC 5652, 5.4), which name the SHA-256 of everything in the file
but the signature's own place.
"""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from hoa.kernel.signing import P256_SIGNATURE_BYTES
from hoa.web.pdf_sign import appending, pdf_signer

# Hexadecimal digits kept free for the signature: one with its certificate takes about 2,400.
ROOM = 8192


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """`tail` comes after the PDF it was prepared for; the signature goes from `start` to `end` of the whole.
    `attributes` (DER) is what the key signs, `digest` the document's SHA-256 (hex) that they name.
    """

    tail: bytes
    attributes: bytes
    digest: str
    start: int
    end: int


def prepare(pdf: bytes, *, certificate: bytes, now: datetime, field_name: str, reason: str) -> Prepared:
    """Make room for one more signature behind the ones that are there. `certificate` (DER) is the signer's."""
    return asyncio.run(_prepare(pdf, certificate, now, field_name, reason))


async def _prepare(pdf: bytes, certificate: bytes, now: datetime, field_name: str, reason: str) -> Prepared:
    from pyhanko.sign import fields, signers

    signer = _signer(certificate, None)
    about = signers.PdfSignatureMetadata(
        field_name=field_name, md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES, reason=reason
    )
    prepared, _, out = await pdf_signer(about, signer, now).async_digest_doc_for_signing(
        appending(pdf), bytes_reserved=ROOM
    )
    attributes = await signer.signed_attrs(prepared.document_digest, "sha256", use_pades=True)
    whole: bytes = out.getvalue()
    return Prepared(
        tail=whole[len(pdf) :],
        attributes=attributes.dump(),
        digest=prepared.document_digest.hex(),
        start=prepared.reserved_region_start,
        end=prepared.reserved_region_end,
    )


def embed(pdf: bytes, prepared: Prepared, *, certificate: bytes, signature: bytes) -> bytes:
    """The PDF with the signature (`r ‖ s`, as a browser gives it) in its place. Whether it holds is for
    `hoa.web.pdf_sign.verify_pdf` to say."""
    return asyncio.run(_embed(pdf, prepared, certificate, signature))


async def _embed(pdf: bytes, prepared: Prepared, certificate: bytes, signature: bytes) -> bytes:
    from asn1crypto import cms
    from pyhanko.sign.signers.pdf_byterange import PreparedByteRangeDigest

    half = P256_SIGNATURE_BYTES // 2
    pair = encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
    attributes = cms.CMSAttributes.load(prepared.attributes)
    frame = await _signer(certificate, pair).async_sign_prescribed_attributes("sha256", attributes)
    place = PreparedByteRangeDigest(bytes.fromhex(prepared.digest), prepared.start, prepared.end)
    out = io.BytesIO(pdf + prepared.tail)
    place.fill_with_cms(out, frame)
    return out.getvalue()


def _signer(certificate: bytes, value: bytes | None) -> Any:
    from asn1crypto import x509
    from pyhanko.sign import signers
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    # The root stays outside: no signature covers an embedded copy, so a byte of it could change unnoticed.
    return signers.ExternalSigner(
        signing_cert=x509.Certificate.load(certificate),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
        signature_value=value,
        embed_roots=False,
    )
