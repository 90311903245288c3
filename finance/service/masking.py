"""Masked copies (遮盖): black boxes burnt into a copy, the original kept (books.md 1). Owners see the newest copy."""

import io
from collections.abc import Sequence
from datetime import datetime

from PIL import Image, ImageDraw
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.papers.tables import Masking
from finance.rules import masking as rules
from finance.rules.life import VoucherState
from finance.rules.masking import Box
from finance.service import documents
from finance.tables import Attachment, Document, Voucher
from hoa.db import get
from hoa.kernel.errors import N_, Refusal
from hoa.ports.files import Files
from hoa.ports.uploads import OFD
from hoa.web import pages

PDF = "application/pdf"
MOST_PAGES = 20
BLACK = (0, 0, 0)
Picture = Image.Image


class CannotMask(Refusal):
    message = N_("OFD 文件不能在网页上遮盖，请用阅读器打印成 PDF，上传后再遮盖")


class TooManyPages(Refusal):
    message = N_("这份 PDF 有 %(pages)s 页，网页上最多遮盖 %(most)s 页，请拆开再传")


class CopyOfACopy(Refusal):
    message = N_("这已经是遮盖件，请在原件上重新遮盖")


class AlreadyChecked(Refusal):
    message = N_("这份遮盖件已经核对过了")
    status = 409


def picture(files: Files, document: Document, *, page: int, dots: int = pages.SCREEN_DOTS) -> tuple[bytes, int]:
    """One page as a JPEG or PNG to look at, and how many pages there are."""
    data = files.get(document.sha256)
    if document.media_type == OFD:
        raise CannotMask
    if document.media_type != PDF:
        if page != 1:
            raise rules.PageUnknown(page=page)
        return data, 1
    drawn = pages.draw(data, first=page, dots=dots)
    return drawn.pictures[0], drawn.total


def preview(data: bytes, boxes: Sequence[Box], *, page: int, mark: tuple[int, int] | None, width: int) -> Image.Image:
    """A page as it would be published, at most `width` wide, with the corner that was chosen first."""
    with Image.open(io.BytesIO(data)) as opened:
        shown = opened.convert("RGB")
    shown.thumbnail((width, width * 4))
    reach = width // 40
    _burn(shown, [one for one in boxes if one.page == page])
    if mark is not None:
        x, y = mark[0] * shown.width // rules.WHOLE, mark[1] * shown.height // rules.WHOLE
        draw = ImageDraw.Draw(shown)
        draw.line((x - reach, y, x + reach, y), fill=(180, 35, 24), width=5)
        draw.line((x, y - reach, x, y + reach), fill=(180, 35, 24), width=5)
    return shown


def mask(
    session: Session,
    files: Files,
    community_id: str,
    *,
    document_id: str,
    boxes: Sequence[Box],
    nothing: bool = False,
    by: str,
    now: datetime,
) -> Masking:
    """Make the copy that owners see from now on. Pictures are painted over; a PDF becomes pictures of its pages, so
    that nothing of its text, layers or metadata remains.
    """
    original = get(session, Document, community_id, document_id, lock=True)
    if original.masked_from_id is not None:
        raise CopyOfACopy
    data, name = burnt(files.get(original.sha256), original.media_type, boxes, nothing=nothing)
    last = session.scalar(
        select(func.max(Masking.no)).where(Masking.community_id == community_id, Masking.document_id == document_id)
    )
    no = (last or 0) + 1
    copy = documents.store(
        session,
        files,
        community_id,
        name=f"{no}-{name}",
        data=data,
        kind=original.kind,
        by=by,
        now=now,
        masked_from_id=original.id,
    )
    made = Masking(
        community_id=community_id,
        document_id=original.id,
        copy_id=copy.id,
        no=no,
        boxes=[list(one) for one in boxes],
        made_by_id=by,
        made_at=now,
    )
    session.add(made)
    session.flush()
    return made


def burnt(data: bytes, media_type: str, boxes: Sequence[Box], *, nothing: bool) -> tuple[bytes, str]:
    """The bytes of the copy and what it is called. The name says nothing of the original's, which may name people."""
    if media_type == OFD:
        raise CannotMask
    if media_type != PDF:
        rules.check(boxes, pages=1, nothing=nothing)
        with Image.open(io.BytesIO(data)) as opened:
            whole = opened.convert("RGB")
        _burn(whole, boxes)
        out = io.BytesIO()
        whole.save(out, "PNG" if media_type == "image/png" else "JPEG", **_quality(media_type))
        return out.getvalue(), "masked.png" if media_type == "image/png" else "masked.jpg"
    drawn = pages.draw(data, most=MOST_PAGES, dots=pages.PRINT_DOTS)
    if drawn.total > MOST_PAGES:
        raise TooManyPages(pages=drawn.total, most=MOST_PAGES)
    rules.check(boxes, pages=drawn.total, nothing=nothing)
    sheets = []
    for number, jpeg in enumerate(drawn.pictures, start=1):
        with Image.open(io.BytesIO(jpeg)) as opened:
            sheet = opened.convert("RGB")
        _burn(sheet, [one for one in boxes if one.page == number])
        sheets.append(sheet)
    out = io.BytesIO()
    sheets[0].save(out, "PDF", save_all=True, append_images=sheets[1:], resolution=pages.PRINT_DOTS, quality=80)
    return out.getvalue(), "masked.pdf"


def _quality(media_type: str) -> dict[str, int]:
    return {} if media_type == "image/png" else {"quality": 85}


def _burn(sheet: Image.Image, boxes: Sequence[Box]) -> None:
    draw = ImageDraw.Draw(sheet)
    for one in boxes:
        draw.rectangle(rules.pixels(one, width=sheet.width, height=sheet.height), fill=BLACK)


def confirm(session: Session, community_id: str, *, masking_id: str, by: str, now: datetime) -> Masking:
    """A second person looked at the copy and found nothing left to hide."""
    made = get(session, Masking, community_id, masking_id, lock=True)
    if made.checked_at is not None:
        raise AlreadyChecked
    if made.made_by_id == by:
        raise rules.OwnMasking
    made.checked_by_id, made.checked_at = by, now
    session.flush()
    return made


def versions(session: Session, document: Document) -> Sequence[Masking]:
    """Every copy that was made of a document, the newest first."""
    query = select(Masking).where(Masking.community_id == document.community_id, Masking.document_id == document.id)
    return session.scalars(query.order_by(Masking.no.desc())).all()


def names_a_person(session: Session, document: Document) -> bool:
    """Whether the other side of a voucher with this document is a person: their receipt may hold more than a name."""
    query = (
        select(Voucher.id)
        .join(Attachment, (Attachment.community_id == Voucher.community_id) & (Attachment.voucher_id == Voucher.id))
        .where(
            Attachment.community_id == document.community_id,
            Attachment.document_id == document.id,
            Voucher.party_is_person,
        )
    )
    return session.scalars(query.limit(1)).first() is not None


def unseen(session: Session, community_id: str) -> list[tuple[Document, Voucher]]:
    """Documents that owners cannot open because nobody has masked them, each with its posted voucher, by date."""
    copy = Document.__table__.alias("copy")
    has_copy = (
        select(copy.c.id).where(copy.c.community_id == Document.community_id, copy.c.masked_from_id == Document.id)
    ).exists()
    query = (
        select(Document, Voucher)
        .join(Attachment, (Attachment.community_id == Document.community_id) & (Attachment.document_id == Document.id))
        .join(Voucher, (Voucher.community_id == Attachment.community_id) & (Voucher.id == Attachment.voucher_id))
        .where(
            Document.community_id == community_id,
            Document.masked_from_id.is_(None),
            Voucher.party_is_person,
            Voucher.state == VoucherState.POSTED,
            ~has_copy,
        )
    )
    return [(row.Document, row.Voucher) for row in session.execute(query.order_by(Voucher.day, Document.id))]
