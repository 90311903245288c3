"""Documents: checked by content, stripped of what pictures carry along, written once, put under a voucher or a
contract.
"""

import io
from collections.abc import Sequence
from datetime import datetime

import pikepdf
from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.rules import documents as rules
from finance.rules.life import VoucherState, require_state
from finance.tables import Attachment, Contract, Document, Voucher
from hoa.db import get
from hoa.ports.files import Files

# Anything in a PDF that acts by itself or carries other files.
ACTIVE = (
    "/JavaScript",
    "/JS",
    "/Launch",
    "/EmbeddedFiles",
    "/EmbeddedFile",
    "/RichMedia",
    "/XFA",
    "/SubmitForm",
    "/ImportData",
)


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
    media = rules.media_type(data, name)
    kept = _checked_pdf(data, name) if media == "application/pdf" else _redrawn(data, name, media)
    document = Document(
        community_id=community_id,
        name=rules.safe_name(name, media),
        kind=kind,
        media_type=media,
        size_bytes=len(kept),
        sha256=files.put(kept),
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
    """The copy that owners may see, if somebody made one."""
    query = select(Document).where(
        Document.community_id == document.community_id, Document.masked_from_id == document.id
    )
    return session.scalars(query.order_by(Document.uploaded_at.desc())).first()


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


def _redrawn(data: bytes, name: str, media: str) -> bytes:
    """The picture drawn anew, upright, without metadata; the size is looked at before anything is unpacked."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > rules.MAX_PIXELS:
                raise rules.DocumentTooLarge(name=name, limit=rules.MAX_BYTES // 1024 // 1024)
            upright = ImageOps.exif_transpose(picture)
            clean = upright.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise rules.DocumentUnreadable(name=name) from None
    out = io.BytesIO()
    if media == "image/png":
        clean.save(out, "PNG", optimize=False)
    else:
        clean.save(out, "JPEG", quality=85)
    return out.getvalue()


def _checked_pdf(data: bytes, name: str) -> bytes:
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            pages = len(pdf.pages)
            acting = "/OpenAction" in pdf.Root and _acts(pdf.Root["/OpenAction"])
            acting = acting or any(_is_active(item) for item in pdf.objects)
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError):
        raise rules.DocumentUnreadable(name=name) from None
    if pages == 0:
        raise rules.DocumentUnreadable(name=name)
    if acting:
        raise rules.DocumentActive(name=name)
    return data


def _acts(action: pikepdf.Object) -> bool:
    """An open action that merely shows a page is harmless; one with any other subject is not."""
    return isinstance(action, pikepdf.Dictionary) and str(action.get("/S", "/GoTo")) != "/GoTo"


def _is_active(item: pikepdf.Object) -> bool:
    if not isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
        return False
    keys = set(item.keys())
    return bool(keys & set(ACTIVE)) or str(item.get("/S", "")) in ACTIVE or str(item.get("/Type", "")) in ACTIVE
