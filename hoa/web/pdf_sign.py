"""Seals on a PDF and what they are worth: PAdES B-B with the deployment's certificate, checked byte by byte.

Common readers call a report valid although a page was turned after signing; ours asks what changed after each seal and
accepts nothing but further signatures (books.md 5). No trusted time stamp is involved, so the time of a seal is what
the signer claims; we promise no more.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any

from hoa.kernel.errors import N_
from hoa.ports.certificates import PLATFORM_NAME, SEAL_NAME, Seal, fingerprint

SOUND = N_("签名有效：自%(signer)s于 %(time)s 签署以来，文件没有任何改动")
SOUND_EXTENDED = N_("签名有效：自%(signer)s于 %(time)s 签署以来，文件只增加了后续签名，内容没有改动")
CHANGED_UNDER_SEAL = N_("签名无效：签署范围内的内容被改动过，哪怕只差一个字节；请向发布方索取原件")
CHANGED_AFTERWARDS = N_("签名无效：签署之后文件又被追加或改动（例如旋转页面、添加批注）；请向发布方索取原件")
NOT_ALL_COVERED = N_("签名无效：它没有覆盖整个文件，文件可能被另存或拼接过；请向发布方索取原件")
UNKNOWN_SIGNER = N_("不能认可：签名所用的证书不是本平台签发的，无法确认是谁签的")
OTHER_DEPLOYMENT = N_(
    "不能认可：它由另一个部署的平台签发（证书由“%(issuer)s”颁发），不是本平台；请到签发它的那个平台核验"
)
OUT_OF_TIME = N_("不能认可：签名证书在核验时不在有效期内")
NOT_SIGNED = N_("这个 PDF 没有签名，无法核验；请使用从本平台下载的原件")
NOT_READABLE = N_("这个文件不是可以读取的 PDF，或者已经损坏；请重新下载后再核验")

TOO_MANY = N_("这个 PDF 里的签名或修订多得不正常，没有核验；请使用从本平台下载的原件")
NOT_SEALED = N_("不能认可：前面没有平台的签章，只有个人的签名不能证明文件是本平台签发的；请向发布方索取原件")

# A report has as many signatures as it has supervisors and auditors; a stranger's file may have any number, and each
# costs the time of everybody who waits. A revision leads to the one before it by this word, as bookmarks do.
MOST_SIGNATURES, MOST_LINKS = 100, 5_000
_LINK = re.compile(rb"/(?:P|#50)(?:r|#72)(?:e|#65)(?:v|#76)")

BROKEN = frozenset({CHANGED_UNDER_SEAL, CHANGED_AFTERWARDS, NOT_ALL_COVERED})

# They log a traceback for every refused signature; the verdict says it in one sentence.
for _name in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


@dataclass(frozen=True, kw_only=True)
class SignatureVerdict:
    """One signature: whether it holds, and the sentence that says so (a message id and its parameters). `platform`:
    its certificate is the platform's seal and not a person's."""

    valid: bool
    sentence: str
    signer: str
    signed_at: datetime | None
    certificate: str
    issuer: str = ""
    platform: bool = False

    @property
    def params(self) -> Mapping[str, object]:
        time = self.signed_at.strftime("%Y-%m-%d %H:%M") if self.signed_at else "—"
        return {"signer": self.signer, "time": time, "issuer": self.issuer}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Of a whole file. `problem` is set when there was no signature to judge; `attachments` only when all are sound."""

    valid: bool
    signatures: tuple[SignatureVerdict, ...] = ()
    problem: str | None = None
    attachments: Mapping[str, bytes] = field(default_factory=dict, repr=False)


def sign_pdf(pdf: bytes, *, seal: Seal, now: datetime, field_name: str, reason: str, certify: bool = True) -> bytes:
    """The PDF with one more signature, as an incremental update; earlier signatures stay as they are.

    The first seal certifies the document: from then on only further signatures are allowed.
    """
    from asn1crypto import keys, x509
    from pyhanko.sign import fields, signers
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    # The root stays outside: no signature covers an embedded copy, so a byte of it could change unnoticed.
    signer = signers.SimpleSigner(
        signing_cert=x509.Certificate.load(seal.certificate),
        signing_key=keys.PrivateKeyInfo.load(seal.key),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
        embed_roots=False,
    )
    about = signers.PdfSignatureMetadata(
        field_name=field_name,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        reason=reason,
        certify=certify,
        docmdp_permissions=fields.MDPPerm.FILL_FORMS,
    )
    out = pdf_signer(about, signer, now).sign_pdf(appending(pdf))
    content: bytes = out.getvalue()
    return content


def appending(pdf: bytes) -> Any:
    """A writer that adds to a PDF and touches nothing of what it says about itself: pyHanko would raise its version to
    2.0 and set its date to the system's clock, against the 1.7 and the dates that its PDF/A-3 metadata declare."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    class Appending(IncrementalPdfFileWriter):
        def ensure_output_version(self, version: Any) -> None:
            """As it was made."""

        def _update_meta(self) -> None:
            """As it was made."""

    return Appending(io.BytesIO(pdf))


def pdf_signer(about: Any, signer: Any, now: datetime) -> Any:
    """pyHanko's signer of documents, which would read the system's clock; a deployment has its own."""
    from pyhanko.sign import signers

    class AtOurTime(signers.PdfSigner):
        def init_signing_session(self, pdf_out: Any, existing_fields_only: bool = False) -> Any:
            session = super().init_signing_session(pdf_out, existing_fields_only)
            session.system_time = now
            return session

    return AtOurTime(about, signer=signer)


def verify_pdf(content: bytes, *, trust_roots: Sequence[bytes], now: datetime) -> Verdict:
    """Judge every signature of an uploaded file. Never raises: whatever the bytes are, the answer is a verdict."""
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.fields import enumerate_sig_fields

    if next(islice(_LINK.finditer(content), MOST_LINKS, None), None) is not None:
        return Verdict(valid=False, problem=TOO_MANY)
    try:
        reader = PdfFileReader(io.BytesIO(content), strict=False)
        if next(islice(enumerate_sig_fields(reader, filled_status=True), MOST_SIGNATURES, None), None) is not None:
            return Verdict(valid=False, problem=TOO_MANY)
        embedded = list(reader.embedded_signatures)
    except Exception:  # any parser error of a hostile file means the same to whoever uploaded it
        return Verdict(valid=False, problem=NOT_READABLE)
    if not embedded:
        return Verdict(valid=False, problem=NOT_SIGNED)
    judged = tuple(_judge(content, signature, trust_roots, now) for signature in embedded)
    tampered = any(item.sentence in BROKEN for item in judged) or _end_of(embedded[-1]) != len(content)
    if tampered:  # what follows a signature must itself be a sound signature, so no earlier one holds either
        judged = tuple(_refused(item, CHANGED_AFTERWARDS) if item.valid else item for item in judged)
    # Whoever signs reports holds a certificate of ours, and could put it under any file; only our seal says it is ours.
    if not judged[0].platform:
        judged = tuple(_refused(item, NOT_SEALED) if item.valid else item for item in judged)
    valid = all(item.valid for item in judged)
    # Unpacked only when all of it is ours: a stranger's small file may unpack to any size.
    return Verdict(valid=valid, signatures=judged, attachments=_attachments(reader) if valid else {})


def _judge(content: bytes, embedded: Any, trust_roots: Sequence[bytes], now: datetime) -> SignatureVerdict:
    from asn1crypto import x509
    from pyhanko.sign.diff_analysis import ModificationLevel
    from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    try:
        who = _described(embedded)
    except Exception:  # a damaged certificate inside a damaged signature
        return SignatureVerdict(valid=False, sentence=CHANGED_UNDER_SEAL, signer="—", signed_at=None, certificate="—")
    roots = [x509.Certificate.load(root) for root in trust_roots]
    context = ValidationContext(trust_roots=roots, moment=now, allow_fetching=False, revocation_mode="soft-fail")
    try:
        status = validate_pdf_signature(embedded, signer_validation_context=context)
        exact = _gap_is_exact(content, embedded) and _frame_is_exact(bytes(embedded.pkcs7_content))
    except Exception:  # pyHanko refuses malformed signatures with many kinds of errors
        return _refused(who, CHANGED_UNDER_SEAL)
    if not (status.intact and status.valid and exact):
        return _refused(who, CHANGED_UNDER_SEAL)
    if status.coverage < SignatureCoverageLevel.ENTIRE_REVISION:
        return _refused(who, NOT_ALL_COVERED)
    if not status.docmdp_ok or status.modification_level > ModificationLevel.FORM_FILLING:
        return _refused(who, CHANGED_AFTERWARDS)
    if not status.trusted:
        return _refused(who, _why_not_trusted(embedded, roots, now))
    extended = status.modification_level > ModificationLevel.NONE
    return _with_sentence(who, SOUND_EXTENDED if extended else SOUND, valid=True)


def _why_not_trusted(embedded: Any, roots: Sequence[Any], now: datetime) -> str:
    """Past its time, of another deployment of this platform, or of nobody we know. A certificate that names our own
    root without having been issued by it is a stranger's."""
    issuer = embedded.signer_cert.issuer
    if issuer in [root.subject for root in roots]:
        return OUT_OF_TIME if _expired(embedded, now) else UNKNOWN_SIGNER
    return OTHER_DEPLOYMENT if issuer.native.get("organization_name") == PLATFORM_NAME else UNKNOWN_SIGNER


def _described(embedded: Any) -> SignatureVerdict:
    certificate = embedded.signer_cert
    subject = certificate.subject.native
    name = subject.get("common_name") or certificate.subject.human_friendly
    return SignatureVerdict(
        valid=False,
        sentence=CHANGED_UNDER_SEAL,
        signer=str(name),
        signed_at=embedded.self_reported_timestamp,
        certificate=fingerprint(certificate.dump()),
        platform=(subject.get("organization_name"), subject.get("common_name")) == (PLATFORM_NAME, SEAL_NAME),
        issuer=str(certificate.issuer.native.get("common_name") or certificate.issuer.human_friendly),
    )


def _refused(item: SignatureVerdict, sentence: str) -> SignatureVerdict:
    return _with_sentence(item, sentence, valid=False)


def _with_sentence(item: SignatureVerdict, sentence: str, *, valid: bool) -> SignatureVerdict:
    return replace(item, valid=valid, sentence=sentence)


def _expired(embedded: Any, now: datetime) -> bool:
    validity = embedded.signer_cert["tbs_certificate"]["validity"]
    return not validity["not_before"].native <= now <= validity["not_after"].native


def _end_of(embedded: Any) -> int:
    start, length = (int(number) for number in list(embedded.byte_range)[2:])
    return start + length


def _gap_is_exact(content: bytes, embedded: Any) -> bool:
    """The one place no signature covers is the signature's own hexadecimal text. Nothing else may hide there: it must
    be the signature in one letter case, then zeros to the end."""
    first, length, second, _ = (int(number) for number in embedded.byte_range)
    gap = content[first + length : second]
    contents = bytes(embedded.pkcs7_content)
    signature = _der_length(contents)
    expected = contents[:signature].hex() + "00" * (len(contents) - signature)
    return gap in (b"<" + expected.upper().encode() + b">", b"<" + expected.lower().encode() + b">")


def _frame_is_exact(contents: bytes) -> bool:
    """The frame around the signed attributes is not signed itself (RFC 5652 5.4), so each of its fields must have the
    one value that it can have, in the one encoding of DER."""
    from asn1crypto import cms

    encoded = contents[: _der_length(contents)]
    info = cms.ContentInfo.load(encoded, strict=True)
    data = info["content"]
    signers = list(data["signer_infos"])
    digests = [item.native for item in data["digest_algorithms"]]
    return bool(
        data["version"].native == "v1"
        and len(signers) == 1
        and signers[0]["version"].native == "v1"
        and digests == [signers[0]["digest_algorithm"].native]
        and data["encap_content_info"]["content_type"].native == "data"
        and info.copy().dump(force=True) == encoded
    )


def _der_length(encoded: bytes) -> int:
    """Length of the first DER value, header included (X.690 8.1.3)."""
    if encoded[1] < 0x80:
        return 2 + encoded[1]
    count = encoded[1] & 0x7F
    return 2 + count + int.from_bytes(encoded[2 : 2 + count], "big")


def _attachments(reader: Any) -> dict[str, bytes]:
    here = reader.root
    for key in ("/Names", "/EmbeddedFiles", "/Names"):
        if key not in here:
            return {}
        here = here[key]
    specifications = [here[at + 1] for at in range(0, len(here), 2)]
    return {str(item["/UF"]): item["/EF"]["/F"].data for item in specifications}
