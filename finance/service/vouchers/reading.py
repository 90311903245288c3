"""What vouchers there are and what they say."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from finance.rules.charts import BANK_ROLES, CASH_ROLES
from finance.rules.ledger import Line, VoucherKind, VoucherRecord, number_text
from finance.rules.life import VoucherState
from finance.service.books import chart_of
from finance.tables import Approval, Attachment, Book, Document, Voucher, VoucherLine


def label(voucher: Voucher) -> str:
    """记-0912 when it has a number, else the day it is dated."""
    return label_of(voucher.day, voucher.month, voucher.number)


def label_of(day: date, month: int, number: int | None) -> str:
    """`label`, from the columns it is made of."""
    return day.isoformat() if number is None else number_text(month, number)


def signed_fen(voucher: Voucher) -> int:
    """What it does to the bank account: positive when money comes in. A red voucher has no movement at the bank: it
    and the one it takes back settle each other.
    """
    if voucher.bank_fen is not None:
        return 0 if voucher.kind == VoucherKind.REVERSAL else voucher.bank_fen
    sign = {VoucherKind.PAYMENT: -1, VoucherKind.RECEIPT: 1, VoucherKind.OPENING: 1}
    return sign.get(VoucherKind(voucher.kind), 0) * voucher.amount_fen


def touches_bank() -> ColumnElement[bool]:
    """Vouchers that a movement at the bank belongs to: the ones `signed_fen` is not zero for, without the balance
    brought in.
    """
    own = and_(Voucher.bank_fen != 0, Voucher.kind.not_in((VoucherKind.OPENING, VoucherKind.REVERSAL)))
    before = and_(Voucher.bank_fen.is_(None), Voucher.kind.in_((VoucherKind.RECEIPT, VoucherKind.PAYMENT)))
    return or_(own, before)


def vouchers(
    session: Session,
    community_id: str,
    *,
    states: Sequence[VoucherState] = tuple(VoucherState),
    start: date | None = None,
    end: date | None = None,
    text: str = "",
    limit: int | None = None,
    offset: int = 0,
    book: Book | None = None,
) -> Sequence[Voucher]:
    """Vouchers by date and number, of one book or of both; `text` looks in summary, payee and invoice number."""
    query = _filtered(community_id, book, states, start, end, text)
    query = query.order_by(Voucher.day, Voucher.number, Voucher.id)
    return session.scalars(query.limit(limit).offset(offset)).all()


def number_of_vouchers(
    session: Session,
    community_id: str,
    *,
    states: Sequence[VoucherState] = tuple(VoucherState),
    start: date | None = None,
    end: date | None = None,
    text: str = "",
    book: Book | None = None,
) -> int:
    """How many `vouchers` would find."""
    query = _filtered(community_id, book, states, start, end, text)
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def _filtered(
    community_id: str,
    book: Book | None,
    states: Sequence[VoucherState],
    start: date | None,
    end: date | None,
    text: str,
) -> Select[Voucher]:
    query = select(Voucher).where(Voucher.community_id == community_id, Voucher.state.in_([str(s) for s in states]))
    if book is not None:
        query = query.where(Voucher.book_id == book.id)
    if start is not None:
        query = query.where(Voucher.day >= start)
    if end is not None:
        query = query.where(Voucher.day <= end)
    if text:
        fields = (Voucher.summary, Voucher.party, Voucher.invoice_no)
        query = query.where(or_(*(field.contains(text, autoescape=True) for field in fields)))
    return query


def lines_of(session: Session, voucher: Voucher) -> tuple[Line, ...]:
    """The entries of a voucher in order."""
    query = select(VoucherLine).where(
        VoucherLine.community_id == voucher.community_id, VoucherLine.voucher_id == voucher.id
    )
    return tuple(
        Line(account=row.account, debit_fen=row.debit_fen, credit_fen=row.credit_fen)
        for row in session.scalars(query.order_by(VoucherLine.no))
    )


def lines_by_voucher(
    session: Session, community_id: str, voucher_ids: Sequence[str] | Select[str] | None = None
) -> dict[str, tuple[Line, ...]]:
    """The entries of many vouchers in one query: columns and no rows to keep, because there may be 100,000."""
    query = select(VoucherLine.voucher_id, VoucherLine.account, VoucherLine.debit_fen, VoucherLine.credit_fen).where(
        VoucherLine.community_id == community_id
    )
    if voucher_ids is not None:
        query = query.where(VoucherLine.voucher_id.in_(voucher_ids))
    found: dict[str, list[Line]] = {}
    for voucher_id, account, debit, credit in session.execute(query.order_by(VoucherLine.voucher_id, VoucherLine.no)):
        found.setdefault(voucher_id, []).append(Line(account=account, debit_fen=debit, credit_fen=credit))
    return {voucher_id: tuple(lines) for voucher_id, lines in found.items()}


def other_account(lines: Sequence[Line], book: Book) -> str | None:
    """The account a simple voucher was booked against: the one that is neither bank nor cash, if there is just one."""
    chart = chart_of(book)
    money = {chart.by_role(roles[book.kind]).code for roles in (BANK_ROLES, CASH_ROLES)}
    others = {line.account for line in lines} - money
    return others.pop() if len(others) == 1 else None


def documents_of(session: Session, voucher: Voucher) -> Sequence[Document]:
    """The originals under a voucher, in the order they were attached."""
    query = (
        select(Document)
        .join(
            Attachment,
            (Attachment.community_id == Document.community_id) & (Attachment.document_id == Document.id),
        )
        .where(Attachment.community_id == voucher.community_id, Attachment.voucher_id == voucher.id)
    )
    return session.scalars(query.order_by(Attachment.no, Attachment.id)).all()


def approvals_of(session: Session, voucher: Voucher) -> Sequence[Approval]:
    """Who let a voucher through, in order."""
    query = select(Approval).where(Approval.community_id == voucher.community_id, Approval.voucher_id == voucher.id)
    return session.scalars(query.order_by(Approval.no)).all()


def reversal_of(session: Session, voucher: Voucher) -> Voucher | None:
    """The red voucher that names this one, posted or on its way."""
    query = select(Voucher).where(Voucher.community_id == voucher.community_id, Voucher.reverses_id == voucher.id)
    return session.scalars(query).first()


def corrections_of(session: Session, voucher: Voucher) -> Sequence[Voucher]:
    """The vouchers that put this one right: the one written in its place, and differences, posted or on their way."""
    query = select(Voucher).where(Voucher.community_id == voucher.community_id, Voucher.corrects_id == voucher.id)
    return session.scalars(query.order_by(Voucher.made_at, Voucher.id)).all()


def record_of(
    voucher: Voucher, lines: tuple[Line, ...], documents: Sequence[Document], approvals: Sequence[Approval]
) -> VoucherRecord:
    """What the voucher's hash covers, from its rows."""
    assert voucher.number is not None
    assert voucher.checker_id is not None
    assert voucher.poster_id is not None
    assert voucher.checked_at is not None
    assert voucher.posted_at is not None
    return VoucherRecord(
        book=voucher.book_id,
        period=voucher.month,
        number=voucher.number,
        kind=voucher.kind,
        day=voucher.day,
        summary=voucher.summary,
        party=voucher.party,
        party_is_person=voucher.party_is_person,
        invoice_no=voucher.invoice_no,
        contract_id=voucher.contract_id,
        due_no=voucher.due_no,
        resolution_id=voucher.resolution_id,
        grounds=voucher.grounds,
        reverses_id=voucher.reverses_id,
        amount_fen=voucher.amount_fen,
        purpose=voucher.purpose,
        lines=lines,
        documents=tuple(document.sha256 for document in documents),
        maker_id=voucher.maker_id,
        checker_id=voucher.checker_id,
        poster_id=voucher.poster_id,
        made_at=voucher.made_at,
        checked_at=voucher.checked_at,
        posted_at=voucher.posted_at,
        format=voucher.format,
        means=voucher.means,
        corrects_id=voucher.corrects_id,
        twin_id=voucher.twin_id,
        bank_fen=voucher.bank_fen,
        cash_fen=voucher.cash_fen,
        submitted_at=voucher.submitted_at,
        approvals_needed=voucher.approvals_needed,
        approvals=tuple((approval.person_id, approval.at) for approval in approvals),
    )
