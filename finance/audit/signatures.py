"""Countersignatures under a report: who may sign, what their key has to sign, and taking the signature in (books.md 5).

Any number of supervisors and auditors sign, in any order, each with their own key, which stays with them. The platform
issues a certificate for the public half that they registered, names them in it, and puts their signature into the PDF
behind the ones that are there.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from finance.audit.powers import MAY_SIGN
from finance.audit.service import find, title
from finance.audit.tables import AuditPreparation, AuditReport, AuditSignature
from hoa.accounts import personal_keys
from hoa.accounts import service as accounts
from hoa.accounts.tables import PersonalKey
from hoa.community.service import get_community
from hoa.db import get
from hoa.kernel import signing
from hoa.kernel.errors import N_, NotAllowed, NotFound, Refusal
from hoa.kernel.sign_files import Item, pdf_item
from hoa.offices import service as offices
from hoa.offices.rules import BODIES, KINDS
from hoa.platform import Platform
from hoa.ports.certificates import LocalCertificates
from hoa.web.pdf_countersign import Prepared, embed, prepare
from hoa.web.pdf_sign import verify_pdf

ITEM = "report"
FIELD = "Countersignature"


class NotASigner(NotAllowed):
    message = N_("只有在任的监督委员和审计人员可以在报告上签名")


class NoKey(Refusal):
    message = N_("您还没有登记签名钥匙，请先在“我的签名钥匙”里生成一把")
    status = 409


class SignedAlready(Refusal):
    message = N_("您已经在这份报告上签过名了")
    status = 409


class SignedMeanwhile(Refusal):
    message = N_("准备好之后有人先签了名，或者您换了钥匙，您的签名没有用上；请重新准备，再签一次")
    status = 409


class SignatureDoesNotHold(Refusal):
    message = N_("签名与您登记的钥匙或这份报告对不上，没有写入；请重新准备，再签一次")


class OldSignature(Refusal):
    message = N_("报告上已有的签名核验不通过，不能再签；请先运行 hoa verify 查明")
    status = 409


def signatures(session: Session, report: AuditReport) -> Sequence[AuditSignature]:
    """Who signed, the first first."""
    query = select(AuditSignature).where(
        AuditSignature.community_id == report.community_id, AuditSignature.report_id == report.id
    )
    return session.scalars(query.order_by(AuditSignature.no)).all()


def signers(session: Session, community_id: str) -> dict[str, int]:
    """How many people countersigned each report, by its id."""
    query = (
        select(AuditSignature.report_id, func.count().label("number"))
        .where(AuditSignature.community_id == community_id)
        .group_by(AuditSignature.report_id)
    )
    return {row.report_id: row.number for row in session.execute(query)}


def current_digest(session: Session, report: AuditReport) -> str:
    """The SHA-256 of the report's PDF with all signatures so far, in the files port."""
    signed = signatures(session, report)
    return signed[-1].pdf_digest if signed else report.pdf_digest or ""


def role_of(session: Session, community_id: str, person_id: str, now: datetime) -> str:
    """In which post somebody signs, or NotASigner."""
    held = offices.posts_held(session, community_id, person_id, now) & MAY_SIGN
    if not held:
        raise NotASigner
    return str(min(held))


def role_words(role: str) -> str:
    """业主监督委员会主任: a post in the words of the certificate, which has one language."""
    body, _, kind = role.partition(".")
    return BODIES[body] + KINDS[kind]


def prepared(session: Session, report: AuditReport, person_id: str) -> AuditPreparation | None:
    """What waits for this person's key; None when nothing was prepared or somebody has signed since."""
    query = select(AuditPreparation).where(
        AuditPreparation.community_id == report.community_id,
        AuditPreparation.report_id == report.id,
        AuditPreparation.person_id == person_id,
    )
    row = session.scalars(query).one_or_none()
    return row if row is not None and row.base_digest == current_digest(session, report) else None


def item(row: AuditPreparation) -> Item:
    """What the signer's browser or key file signs."""
    return pdf_item(ITEM, attributes=row.attributes, digest=row.digest)


def prepare_for(
    session: Session, platform: Platform, community_id: str, report_id: str, *, person_id: str, now: datetime
) -> AuditPreparation:
    """Make room for this person's signature in the report's PDF as it is now."""
    report = _signable(session, community_id, report_id, person_id)
    role = role_of(session, community_id, person_id, now)
    key = personal_keys.current(session, person_id)
    if key is None:
        raise NoKey
    signed = signatures(session, report)
    base = current_digest(session, report)
    certificate = _certificates(platform).personal(
        public=bytes.fromhex(key.public),
        name=f"{accounts.person(session, person_id).name}（{role_words(role)}）",
        organization=get_community(session, community_id).name,
        now=now,
    )
    made = prepare(
        platform.files.get(base),
        certificate=certificate,
        now=now,
        field_name=f"{FIELD}{len(signed) + 1}",
        reason=f"{title(session, report)} sha256:{report.data_hash}",
    )
    _forget(session, report, person_id)
    row = AuditPreparation(
        community_id=community_id,
        report_id=report.id,
        person_id=person_id,
        key_id=key.key_id,
        base_digest=base,
        tail=made.tail,
        attributes=made.attributes,
        certificate=certificate,
        digest=made.digest,
        starts_at=made.start,
        ends_at=made.end,
        prepared_at=now,
    )
    session.add(row)
    session.flush()
    return row


def sign(
    session: Session,
    platform: Platform,
    community_id: str,
    report_id: str,
    *,
    person_id: str,
    signature: bytes,
    now: datetime,
) -> AuditSignature:
    """Put a signature into the PDF. Nothing is kept unless the whole file, with every signature in it, holds."""
    report = _signable(session, community_id, report_id, person_id)
    role = role_of(session, community_id, person_id, now)
    row = prepared(session, report, person_id)
    key = personal_keys.current(session, person_id)
    if row is None or key is None or key.key_id != row.key_id:
        raise SignedMeanwhile
    if not signing.verify_p256(public=bytes.fromhex(key.public), signature=signature, message=row.attributes):
        raise SignatureDoesNotHold
    pdf = embed(
        platform.files.get(row.base_digest),
        Prepared(tail=row.tail, attributes=row.attributes, digest=row.digest, start=row.starts_at, end=row.ends_at),
        certificate=row.certificate,
        signature=signature,
    )
    if not verify_pdf(pdf, trust_roots=_certificates(platform).trust_roots(), now=now).valid:
        raise OldSignature
    made = AuditSignature(
        community_id=community_id,
        report_id=report.id,
        no=len(signatures(session, report)) + 1,
        person_id=person_id,
        name=accounts.person(session, person_id).name,
        role=role,
        key_id=key.key_id,
        certificate=row.certificate,
        pdf_digest=platform.files.put(pdf),
        signed_at=row.prepared_at,
    )
    session.add(made)
    _forget(session, report, person_id)
    session.flush()
    return made


def _signable(session: Session, community_id: str, report_id: str, person_id: str) -> AuditReport:
    """The finished report, locked: two signers must not both follow the same file."""
    get(session, AuditReport, community_id, report_id, lock=True)
    report = find(session, community_id, report_id)
    if any(row.person_id == person_id for row in signatures(session, report)):
        raise SignedAlready
    return report


def _forget(session: Session, report: AuditReport, person_id: str) -> None:
    session.execute(
        delete(AuditPreparation).where(
            AuditPreparation.community_id == report.community_id,
            AuditPreparation.report_id == report.id,
            AuditPreparation.person_id == person_id,
        )
    )


def _certificates(platform: Platform) -> LocalCertificates:
    return LocalCertificates(platform.settings.data / "keys")


def person_of_key(session: Session, key_id: str) -> str:
    """Whose key this is today, for signing with a key file at the server."""
    query = select(PersonalKey.person_id).where(PersonalKey.key_id == key_id, PersonalKey.ended_at.is_(None))
    found = session.scalar(query)
    if found is None:
        raise NotFound
    return found


def report_of_pdf(session: Session, digest: str) -> AuditReport | None:
    """The report whose PDF has this SHA-256, at whatever number of signatures, in either language."""
    found = session.scalars(
        select(AuditReport).where((AuditReport.pdf_digest == digest) | (AuditReport.other_digest == digest))
    ).first()
    if found is not None:
        return found
    row = session.scalars(select(AuditSignature).where(AuditSignature.pdf_digest == digest)).first()
    return session.get(AuditReport, (row.community_id, row.report_id)) if row is not None else None
