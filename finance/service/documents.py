"""Documents: checked by content, stripped of what pictures carry along, written once, put under a voucher or a
contract.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.papers.tables import Masking
from finance.rules import documents as rules
from finance.rules.life import VoucherState, require_state
from finance.tables import Attachment, Contract, Document, Voucher
from hoa.db import get
from hoa.ports import uploads
from hoa.ports.files import Files


def store(
    session: Session,
    files: Files,
    community_id: str,
    *,
    name: str,
    data: bytes,
    kind: str,
    by: str,
    now: datetime,
    masked_from_id: str | None = None,
) -> Document:
    """Keep a document. Pictures are drawn anew, so that place, camera and anything hidden behind the picture are gone;
    a PDF keeps its bytes, because an electronic invoice carries a signature, and is refused when something in it acts
    by itself.
    """
    if kind not in rules.DOCUMENT_KINDS:
        raise rules.DocumentKindUnknown
    upload = uploads.checked(data, name, ofd=True)
    document = Document(
        community_id=community_id,
        name=upload.name,
        kind=kind,
        media_type=upload.media_type,
        size_bytes=len(upload.data),
        sha256=files.put(upload.data),
        masked_from_id=masked_from_id,
        uploaded_by_id=by,
        uploaded_at=now,
    )
    session.add(document)
    session.flush()
    return document


def attach_to_voucher(session: Session, community_id: str, *, document_id: str, voucher_id: str) -> None:
    """Put a document under a draft; a submitted voucher goes back to its maker first."""
    voucher = get(session, Voucher, community_id, voucher_id, lock=True)
    require_state(VoucherState(voucher.state), VoucherState.DRAFT)
    document = get(session, Document, community_id, document_id)
    _attach(session, document, voucher_id=voucher_id)


def attach_to_contract(session: Session, community_id: str, *, document_id: str, contract_id: str) -> None:
    """Put a document under a contract."""
    get(session, Contract, community_id, contract_id)
    _attach(session, get(session, Document, community_id, document_id), contract_id=contract_id)


def detach(session: Session, community_id: str, *, document_id: str, voucher_id: str) -> None:
    """Take a document off a draft; the document itself stays in the store."""
    voucher = get(session, Voucher, community_id, voucher_id, lock=True)
    require_state(VoucherState(voucher.state), VoucherState.DRAFT)
    query = select(Attachment).where(
        Attachment.community_id == community_id,
        Attachment.voucher_id == voucher_id,
        Attachment.document_id == document_id,
    )
    for attachment in session.scalars(query):
        session.delete(attachment)
    session.flush()


def of_contract(session: Session, contract: Contract) -> Sequence[Document]:
    """The documents under a contract."""
    query = (
        select(Document)
        .join(Attachment, (Attachment.community_id == Document.community_id) & (Attachment.document_id == Document.id))
        .where(Attachment.community_id == contract.community_id, Attachment.contract_id == contract.id)
    )
    return session.scalars(query.order_by(Attachment.no, Attachment.id)).all()


def masked_copy(session: Session, document: Document) -> Document | None:
    """The copy that owners may see, if somebody made one: the newest by its number, as two may be of one moment."""
    query = (
        select(Document)
        .outerjoin(Masking, (Masking.community_id == Document.community_id) & (Masking.copy_id == Document.id))
        .where(Document.community_id == document.community_id, Document.masked_from_id == document.id)
        .order_by(func.coalesce(Masking.no, 0).desc(), Document.uploaded_at.desc(), Document.id.desc())
    )
    return session.scalars(query).first()


def uses(session: Session, document: Document) -> list[Voucher | Contract]:
    """The vouchers and contracts that a document lies under."""
    attachments = session.scalars(
        select(Attachment)
        .where(Attachment.community_id == document.community_id, Attachment.document_id == document.id)
        .order_by(Attachment.id)
    ).all()
    return [
        get(session, Voucher, row.community_id, row.voucher_id)
        if row.voucher_id is not None
        else get(session, Contract, row.community_id, row.contract_id or "")
        for row in attachments
    ]


def twins(session: Session, document: Document) -> Sequence[Document]:
    """Other documents with the very same bytes: one invoice attached twice is paid twice, unless it was split."""
    query = select(Document).where(
        Document.community_id == document.community_id,
        Document.sha256 == document.sha256,
        Document.id != document.id,
    )
    return session.scalars(query.order_by(Document.uploaded_at, Document.id)).all()


def used_elsewhere(session: Session, document: Document) -> list[Voucher | Contract]:
    """Where the same bytes lie under something else already."""
    mine = {use.id for use in uses(session, document)}
    return [use for twin in twins(session, document) for use in uses(session, twin) if use.id not in mine]


def _attach(
    session: Session, document: Document, *, voucher_id: str | None = None, contract_id: str | None = None
) -> None:
    own = (
        Attachment.community_id == document.community_id,
        Attachment.voucher_id == voucher_id if voucher_id else Attachment.contract_id == contract_id,
    )
    last = session.scalar(select(func.max(Attachment.no)).where(*own)) or 0
    session.add(
        Attachment(
            community_id=document.community_id,
            document_id=document.id,
            voucher_id=voucher_id,
            contract_id=contract_id,
            no=last + 1,
        )
    )
    session.flush()
