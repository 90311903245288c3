"""A voucher's life: draft, submit, approve or send back, post; and taking a posted one back by a red voucher."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, delete, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from finance.rules import life
from finance.rules.charts import purpose_role
from finance.rules.ledger import (
    Line,
    VoucherKind,
    VoucherRecord,
    cash_lines,
    check_lines,
    mirrored,
    number_text,
    voucher_hash,
)
from finance.rules.life import VoucherState
from finance.rules.periods import month_of
from finance.service.books import chart_of, open_month, trust_book
from finance.tables import Attachment, Book, Contract, ContractDue, Document, Match, Voucher, VoucherLine
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.posts import COMMITTEE_CASHIER
from hoa.offices.service import posts_held
from hoa.resolutions import authority
from hoa.resolutions import service as resolutions
from hoa.resolutions.tables import Resolution


class NoSuchDue(Refusal):
    message = N_("合同没有第 %(no)s 期，请从列表中选择")


class PurposeDoesNotFit(Refusal):
    message = N_("收款要选收入来源，付款要选用途")


class ReasonNeeded(Refusal):
    message = N_("请写明原因，让对方知道要改什么")


class ResolutionNotInForce(Refusal):
    message = N_("决议“%(title)s”在 %(day)s 还没有作出或已经过期，不能作为依据")


@dataclass(frozen=True, kw_only=True)
class VoucherFields:
    """What a person writes on a voucher. `purpose` is a source (CR01 …) or a use (U1 …); None only for an opening
    balance.
    """

    kind: VoucherKind
    day: date
    summary: str
    party: str
    amount_fen: int
    purpose: str | None
    party_is_person: bool = False
    invoice_no: str = ""
    contract_id: str | None = None
    due_no: int | None = None
    resolution_id: str | None = None
    grounds: str = ""


def draft(session: Session, community_id: str, *, fields: VoucherFields, by: str, now: datetime) -> Voucher:
    """Write a new voucher; nothing counts until it is posted."""
    book = trust_book(session, community_id)
    voucher = Voucher(
        community_id=community_id,
        book_id=book.id,
        state=VoucherState.DRAFT,
        reverses_id=None,
        returned_because="",
        maker_id=by,
        made_at=now,
    )
    _keeps_no_cash(session, community_id, by, now)
    _fill(session, book, voucher, fields)
    return voucher


def revise(
    session: Session, community_id: str, *, voucher_id: str, fields: VoucherFields, by: str, now: datetime
) -> Voucher:
    """Write a draft anew; whoever does so is its maker."""
    voucher = get(session, Voucher, community_id, voucher_id, lock=True)
    life.require_state(VoucherState(voucher.state), VoucherState.DRAFT)
    _keeps_no_cash(session, community_id, by, now)
    voucher.maker_id, voucher.made_at = by, now
    _fill(session, trust_book(session, community_id), voucher, fields)
    return voucher


def discard(session: Session, community_id: str, *, voucher_id: str) -> None:
    """Throw a draft away; it never had a number."""
    voucher = get(session, Voucher, community_id, voucher_id, lock=True)
    life.require_state(VoucherState(voucher.state), VoucherState.DRAFT)
    for part in (VoucherLine, Attachment, Match):
        session.execute(delete(part).where(part.community_id == community_id, part.voucher_id == voucher_id))
    session.delete(voucher)
    session.flush()


def submit(session: Session, community_id: str, *, voucher_id: str, by: str, now: datetime) -> Voucher:
    """Hand a draft to the checker, when everything a voucher needs is there (R5.2)."""
    voucher = get(session, Voucher, community_id, voucher_id, lock=True)
    life.require_state(VoucherState(voucher.state), VoucherState.DRAFT)
    _keeps_no_cash(session, community_id, by, now)
    _check_ready(session, voucher, today(now))
    voucher.state, voucher.submitted_at, voucher.returned_because = VoucherState.SUBMITTED, now, ""
    session.flush()
    return voucher


def send_back(session: Session, community_id: str, *, voucher_id: str, reason: str, by: str, now: datetime) -> Voucher:
    """The checker returns a voucher to its maker and says why."""
    voucher = get(session, Voucher, community_id, voucher_id, lock=True)
    life.require_state(VoucherState(voucher.state), VoucherState.SUBMITTED, VoucherState.APPROVED)
    _keeps_no_cash(session, community_id, by, now)
    if not reason.strip():
        raise ReasonNeeded
    voucher.state, voucher.returned_because = VoucherState.DRAFT, reason.strip()
    voucher.checker_id = voucher.checked_at = voucher.submitted_at = None
    session.flush()
    return voucher


def approve(session: Session, community_id: str, *, voucher_id: str, by: str, now: datetime) -> Voucher:
    """A second person lets the voucher through (会计法 25); the grounds are looked at once more."""
    voucher = get(session, Voucher, community_id, voucher_id, lock=True)
    life.require_state(VoucherState(voucher.state), VoucherState.SUBMITTED)
    life.check_separation(maker_id=voucher.maker_id, checker_id=by)
    _keeps_no_cash(session, community_id, by, now)
    _check_ready(session, voucher, today(now))
    voucher.state, voucher.checker_id, voucher.checked_at = VoucherState.APPROVED, by, now
    session.flush()
    return voucher


def post(session: Session, community_id: str, *, voucher_id: str, by: str, now: datetime) -> Voucher:
    """Enter an approved voucher in the book: the next number of its month, the next link of the chain. From here on
    nothing changes it.
    """
    book = trust_book(session, community_id, lock=True)
    voucher = get(session, Voucher, community_id, voucher_id, lock=True)
    life.require_state(VoucherState(voucher.state), VoucherState.APPROVED)
    assert voucher.checker_id is not None
    life.check_separation(maker_id=voucher.maker_id, checker_id=voucher.checker_id, poster_id=by)
    _keeps_no_cash(session, community_id, by, now)
    open_month(session, book, voucher.day)
    lines, documents = lines_of(session, voucher), documents_of(session, voucher)
    check_lines(lines, chart_of(book))
    number = _last_number(session, book, voucher.month) + 1
    # From here to the flush no query may run: the row goes to the database numbered and posted in one UPDATE.
    voucher.number, voucher.seq = number, book.head_seq + 1
    voucher.poster_id, voucher.posted_at = by, now
    voucher.previous_hash = book.head_hash
    voucher.hash = voucher_hash(record_of(voucher, lines, documents), book.head_hash)
    voucher.state = VoucherState.POSTED
    book.head_seq, book.head_hash = voucher.seq, voucher.hash
    session.flush()
    if voucher.reverses_id is not None:
        _let_go(session, community_id, voucher.reverses_id, by, now)
        session.flush()
    return voucher


def post_approved(session: Session, community_id: str, *, by: str, now: datetime) -> list[Voucher]:
    """Post everything that was approved by somebody else, in the order of dates."""
    waiting = vouchers(session, community_id, states=(VoucherState.APPROVED,))
    mine = [voucher.id for voucher in waiting if voucher.checker_id != by]
    return [post(session, community_id, voucher_id=voucher_id, by=by, now=now) for voucher_id in mine]


def reverse(
    session: Session, community_id: str, *, voucher_id: str, day: date, reason: str, by: str, now: datetime
) -> Voucher:
    """Write the red voucher that takes a posted one back (R5.3). It is checked and posted like any other; the original
    stays as it is.
    """
    book = trust_book(session, community_id, lock=True)
    original = get(session, Voucher, community_id, voucher_id)
    life.require_state(VoucherState(original.state), VoucherState.POSTED)
    if VoucherKind(original.kind) in (VoucherKind.REVERSAL, VoucherKind.OPENING):
        raise life.ReversalReversed
    taken = reversal_of(session, original)
    if taken is not None:
        raise life.AlreadyReversed(number=label(taken))
    if not reason.strip():
        raise ReasonNeeded
    if day > today(now):
        raise life.NotYetHappened(day=day.isoformat())
    _keeps_no_cash(session, community_id, by, now)
    open_month(session, book, day)
    red = Voucher(
        community_id=community_id,
        book_id=book.id,
        kind=VoucherKind.REVERSAL,
        state=VoucherState.SUBMITTED,
        day=day,
        month=month_of(day),
        summary=f"注销 {original.day.isoformat()} {label(original)} 号凭证：{reason.strip()}",
        party=original.party,
        party_is_person=original.party_is_person,
        invoice_no=original.invoice_no,
        amount_fen=original.amount_fen,
        purpose=original.purpose,
        contract_id=original.contract_id,
        due_no=original.due_no,
        resolution_id=original.resolution_id,
        grounds=original.grounds,
        reverses_id=original.id,
        returned_because="",
        maker_id=by,
        made_at=now,
        submitted_at=now,
    )
    session.add(red)
    session.flush()
    _write_lines(session, red, mirrored(lines_of(session, original)))
    return red


def reversal_of(session: Session, voucher: Voucher) -> Voucher | None:
    """The red voucher that names this one, posted or on its way."""
    query = select(Voucher).where(Voucher.community_id == voucher.community_id, Voucher.reverses_id == voucher.id)
    return session.scalars(query).first()


def label(voucher: Voucher) -> str:
    """记-0912 when it has a number, else the day it is dated."""
    return label_of(voucher.day, voucher.month, voucher.number)


def label_of(day: date, month: int, number: int | None) -> str:
    """`label`, from the columns it is made of."""
    return day.isoformat() if number is None else number_text(month, number)


def signed_fen(voucher: Voucher) -> int:
    """What it does to the bank account: positive when money comes in."""
    sign = {VoucherKind.PAYMENT: -1, VoucherKind.RECEIPT: 1, VoucherKind.OPENING: 1}
    return sign.get(VoucherKind(voucher.kind), 0) * voucher.amount_fen


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
) -> Sequence[Voucher]:
    """Vouchers by date and number; `text` looks in summary, payee and invoice number."""
    query = _filtered(community_id, states, start, end, text)
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
) -> int:
    """How many `vouchers` would find."""
    query = _filtered(community_id, states, start, end, text)
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def _filtered(
    community_id: str, states: Sequence[VoucherState], start: date | None, end: date | None, text: str
) -> Select[Voucher]:
    query = select(Voucher).where(Voucher.community_id == community_id, Voucher.state.in_([str(s) for s in states]))
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
    return tuple(_line(row) for row in session.scalars(query.order_by(VoucherLine.no)))


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


def record_of(voucher: Voucher, lines: tuple[Line, ...], documents: Sequence[Document]) -> VoucherRecord:
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
    )


def _fill(session: Session, book: Book, voucher: Voucher, fields: VoucherFields) -> None:
    _check_fields(session, book, fields)
    open_month(session, book, fields.day)
    voucher.kind, voucher.day, voucher.month = fields.kind, fields.day, month_of(fields.day)
    voucher.summary, voucher.party, voucher.party_is_person = fields.summary, fields.party, fields.party_is_person
    voucher.invoice_no, voucher.amount_fen, voucher.purpose = fields.invoice_no, fields.amount_fen, fields.purpose
    voucher.contract_id, voucher.due_no = fields.contract_id, fields.due_no
    voucher.resolution_id, voucher.grounds = fields.resolution_id, fields.grounds
    session.add(voucher)
    session.flush()
    lines = cash_lines(fields.kind, amount_fen=fields.amount_fen, purpose=fields.purpose, chart=chart_of(book))
    _write_lines(session, voucher, lines)


def _check_fields(session: Session, book: Book, fields: VoucherFields) -> None:
    if fields.amount_fen <= 0:
        raise life.AmountNeeded
    expected = {VoucherKind.RECEIPT: "income", VoucherKind.PAYMENT: "use"}.get(fields.kind)
    found = purpose_role(fields.purpose).partition(".")[0] if fields.purpose is not None else None
    if found != expected or fields.kind is VoucherKind.REVERSAL:
        raise PurposeDoesNotFit
    if fields.contract_id is not None:
        contract = get(session, Contract, book.community_id, fields.contract_id)
        query = select(ContractDue.id).where(
            ContractDue.community_id == book.community_id,
            ContractDue.contract_id == contract.id,
            ContractDue.no == fields.due_no,
        )
        if fields.due_no is not None and session.scalar(query) is None:
            raise NoSuchDue(no=fields.due_no)
    if fields.resolution_id is not None:
        _in_force(session, book.community_id, fields.resolution_id, fields.day)


def _in_force(session: Session, community_id: str, resolution_id: str, day: date) -> bool:
    """Whether the assembly made the resolution; refused when it was not in force on the day."""
    resolution = resolutions.get(session, community_id, resolution_id)
    if resolution.decided_on > day or (resolution.valid_until is not None and resolution.valid_until < day):
        raise ResolutionNotInForce(title=resolution.title, day=day.isoformat())
    return resolution.source == "assembly"


def _check_ready(session: Session, voucher: Voucher, day: date) -> None:
    by_assembly = voucher.resolution_id is not None and _in_force(
        session, voucher.community_id, voucher.resolution_id, voucher.day
    )
    matched = session.scalar(
        select(Match.id).where(
            Match.community_id == voucher.community_id, Match.voucher_id == voucher.id, Match.released_at.is_(None)
        )
    )
    life.check_ready(
        kind=VoucherKind(voucher.kind),
        amount_fen=voucher.amount_fen,
        day=voucher.day,
        today=day,
        summary=voucher.summary,
        party=voucher.party,
        documents=len(documents_of(session, voucher)),
        matched=matched is not None,
        grounds=life.Grounds(resolution_id=voucher.resolution_id, by_assembly=by_assembly, authority=voucher.grounds),
        allowance=_allowance(session, voucher),
    )


def _allowance(session: Session, voucher: Voucher) -> life.Allowance:
    """What the owners let the committee decide alone on the voucher's day, and how much of the year is used: every
    other payment on its way or posted that no resolution of the assembly stands behind. A red voucher gives room back
    once it is posted: one that is only sent off may still be taken away.
    """
    found = authority.limits(session, voucher.community_id, on=voucher.day)
    if found is None:
        return life.Allowance()
    red = aliased(Voucher)
    query = (
        select(func.coalesce(func.sum(Voucher.amount_fen), 0))
        .outerjoin(
            Resolution,
            (Resolution.community_id == Voucher.community_id) & (Resolution.id == Voucher.resolution_id),
        )
        .where(
            Voucher.community_id == voucher.community_id,
            Voucher.id != voucher.id,
            Voucher.kind == VoucherKind.PAYMENT,
            Voucher.state != VoucherState.DRAFT,
            Voucher.day >= voucher.day.replace(month=1, day=1),
            Voucher.day <= voucher.day.replace(month=12, day=31),
            or_(Resolution.source.is_(None), Resolution.source != "assembly"),
            ~exists().where(
                red.community_id == Voucher.community_id,
                red.reverses_id == Voucher.id,
                red.state == VoucherState.POSTED,
            ),
        )
    )
    return life.Allowance(
        single_fen=found.single_fen, yearly_fen=found.yearly_fen, spent_fen=int(session.scalar(query) or 0)
    )


def _keeps_no_cash(session: Session, community_id: str, person_id: str, now: datetime) -> None:
    """Whoever holds the cashier's post keeps no books (会计法 35)."""
    if COMMITTEE_CASHIER in posts_held(session, community_id, person_id, now):
        raise life.CashierKeepsBooks


def _last_number(session: Session, book: Book, month: int) -> int:
    query = select(func.max(Voucher.number)).where(
        Voucher.community_id == book.community_id, Voucher.book_id == book.id, Voucher.month == month
    )
    return session.scalar(query) or 0


def _write_lines(session: Session, voucher: Voucher, lines: Sequence[Line]) -> None:
    session.execute(
        delete(VoucherLine).where(
            VoucherLine.community_id == voucher.community_id, VoucherLine.voucher_id == voucher.id
        )
    )
    for no, line in enumerate(lines, start=1):
        session.add(
            VoucherLine(
                community_id=voucher.community_id,
                voucher_id=voucher.id,
                no=no,
                account=line.account,
                debit_fen=line.debit_fen,
                credit_fen=line.credit_fen,
            )
        )
    session.flush()


def _let_go(session: Session, community_id: str, voucher_id: str, by: str, now: datetime) -> None:
    """The bank line of a reversed voucher waits for the right one again."""
    query = select(Match).where(
        Match.community_id == community_id, Match.voucher_id == voucher_id, Match.released_at.is_(None)
    )
    for match in session.scalars(query):
        match.released_at, match.released_by_id = now, by


def _line(row: VoucherLine) -> Line:
    return Line(account=row.account, debit_fen=row.debit_fen, credit_fen=row.credit_fen)
