"""Writing a voucher: nothing counts until it is posted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from finance.rules import life
from finance.rules.charts import BANK_ROLES, CASH_ROLES, TRUST, WORK, Chart, purpose_role
from finance.rules.ledger import (
    Line,
    Means,
    VoucherKind,
    cash_lines,
    check_fund,
    check_lines,
    money_moved,
    turnover_fen,
)
from finance.rules.life import VoucherState
from finance.rules.periods import month_of
from finance.service.books import chart_of, open_month, the_book
from finance.service.parts import require_cover
from finance.service.vouchers.grounds import in_force, keeps_no_cash
from finance.service.vouchers.reading import label, reversal_of
from finance.tables import Approval, Attachment, Book, Contract, ContractDue, Match, Voucher, VoucherLine
from hoa.db import get
from hoa.kernel.errors import N_, Refusal

# Kinds whose entries are written out; those of the others follow from amount and purpose.
FREE = frozenset({VoucherKind.JOURNAL, VoucherKind.CLOSING})
# Kinds that follow from another voucher and are never written anew by hand.
FOLLOWING = frozenset({VoucherKind.REVERSAL, VoucherKind.TRANSFER, VoucherKind.DIFFERENCE})


class NoSuchDue(Refusal):
    message = N_("合同没有第 %(no)s 期，请从列表中选择")


class PurposeDoesNotFit(Refusal):
    message = N_("收款要选收入来源，付款要选用途")


class AccountNeeded(Refusal):
    message = N_("请选一个对应的科目；银行存款和库存现金由收付方式决定，不用再选")


class ReasonNeeded(Refusal):
    message = N_("请写明原因，让对方知道要改什么")


class FollowsAnother(Refusal):
    message = N_("这张凭证是随另一张凭证写成的，不能修改；不对就删去，从原来那张重新做")


class NothingToCorrect(Refusal):
    message = N_("只能订正本账簿里已经记账的凭证")


class CorrectedAlready(Refusal):
    message = N_("这张凭证已经由 %(number)s 订正")
    status = 409


class RedFirst(Refusal):
    message = N_("请先把冲销 %(number)s 的红字凭证记账，再记订正的凭证")
    status = 409


@dataclass(frozen=True, kw_only=True)
class VoucherFields:
    """What a person writes on a voucher. In the trust fund `purpose` is a source (CR01 …) or a use (U1 …) and None
    only for an opening balance; in the work fund a receipt or payment names the `account` on its other side. `lines`
    are for the kinds whose entries are written out; their sum is the amount. `corrects_id` is the posted voucher that
    this one puts right (R5.3).
    """

    kind: VoucherKind
    day: date
    summary: str
    party: str
    amount_fen: int
    purpose: str | None = None
    party_is_person: bool = False
    invoice_no: str = ""
    contract_id: str | None = None
    due_no: int | None = None
    resolution_id: str | None = None
    grounds: str = ""
    book: str = TRUST
    lines: tuple[Line, ...] = ()
    means: str = Means.BANK
    account: str | None = None
    corrects_id: str | None = None


def draft(session: Session, community_id: str, *, fields: VoucherFields, by: str, now: datetime) -> Voucher:
    """Write a new voucher; nothing counts until it is posted."""
    book = the_book(session, community_id, fields.book)
    voucher = Voucher(
        community_id=community_id,
        book_id=book.id,
        state=VoucherState.DRAFT,
        reverses_id=None,
        returned_because="",
        maker_id=by,
        made_at=now,
    )
    keeps_no_cash(session, community_id, by, now)
    _fill(session, book, voucher, fields)
    return voucher


def revise(
    session: Session, community_id: str, *, voucher_id: str, fields: VoucherFields, by: str, now: datetime
) -> Voucher:
    """Write a draft anew in the book it was begun in; whoever does so is its maker."""
    voucher = get(session, Voucher, community_id, voucher_id, lock=True)
    life.require_state(VoucherState(voucher.state), VoucherState.DRAFT)
    if voucher.kind in FOLLOWING:
        raise FollowsAnother
    keeps_no_cash(session, community_id, by, now)
    book = get(session, Book, community_id, voucher.book_id)
    require_cover(session, book, voucher, _lines(book, fields))
    voucher.maker_id, voucher.made_at = by, now
    # What a voucher was begun to put right stays what it puts right.
    fields = replace(fields, corrects_id=voucher.corrects_id)
    _fill(session, book, voucher, fields)
    return voucher


def discard(session: Session, community_id: str, *, voucher_id: str) -> None:
    """Throw a draft away; it never had a number. Half of a transfer takes the other half along."""
    halves = pair(session, community_id, voucher_id)
    for half in halves:
        life.require_state(VoucherState(half.state), VoucherState.DRAFT)
    for half in halves:
        for part in (VoucherLine, Attachment, Match, Approval):
            session.execute(delete(part).where(part.community_id == community_id, part.voucher_id == half.id))
        session.delete(half)
    session.flush()


def pair(session: Session, community_id: str, voucher_id: str) -> list[Voucher]:
    """A voucher and, when it is half of a transfer, the other half; both held for what follows, always in the same
    order so that two people cannot wait for each other.
    """
    twin_id = get(session, Voucher, community_id, voucher_id).twin_id
    ids = sorted(filter(None, (voucher_id, twin_id)))
    held = {each: get(session, Voucher, community_id, each, lock=True) for each in ids}
    for row in held.values():
        session.refresh(row)
    return [held[voucher_id], *(held[each] for each in ids if each != voucher_id)]


def require_replaceable(session: Session, voucher: Voucher) -> None:
    """A voucher written in place of another is entered only after the red one that takes the other back: between the
    two the books would show the money twice. Differences and corrections of an earlier year take nothing back.
    """
    if voucher.corrects_id is None or voucher.kind in (VoucherKind.DIFFERENCE, VoucherKind.JOURNAL):
        return
    original = get(session, Voucher, voucher.community_id, voucher.corrects_id)
    red = reversal_of(session, original)
    if red is None or red.state != VoucherState.POSTED:
        raise RedFirst(number=label(original))


def write_lines(session: Session, book: Book, voucher: Voucher, lines: Sequence[Line]) -> None:
    """Put entries under a voucher that is not posted yet, in place of those it had."""
    voucher.bank_fen, voucher.cash_fen = money_moved(lines, chart_of(book), book.kind)
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


def _fill(session: Session, book: Book, voucher: Voucher, fields: VoucherFields) -> None:
    lines = _lines(book, fields)
    fields = replace(fields, amount_fen=turnover_fen(lines))
    _check_fields(session, book, fields)
    _check_corrects(session, book, voucher, fields.corrects_id)
    open_month(session, book, fields.day)
    voucher.kind, voucher.day, voucher.month = fields.kind, fields.day, month_of(fields.day)
    voucher.summary, voucher.party, voucher.party_is_person = fields.summary, fields.party, fields.party_is_person
    voucher.invoice_no, voucher.amount_fen, voucher.purpose = fields.invoice_no, fields.amount_fen, fields.purpose
    voucher.contract_id, voucher.due_no = fields.contract_id, fields.due_no
    voucher.resolution_id, voucher.grounds = fields.resolution_id, fields.grounds
    voucher.means, voucher.corrects_id = fields.means, fields.corrects_id
    session.add(voucher)
    session.flush()
    write_lines(session, book, voucher, lines)


def _lines(book: Book, fields: VoucherFields) -> tuple[Line, ...]:
    """The entries a voucher will have: as written out, or as its kind says."""
    chart = chart_of(book)
    if fields.kind in FREE or (fields.kind is VoucherKind.OPENING and fields.lines):
        check_lines(fields.lines, chart)
        check_fund(fields.lines, chart, book.kind)
        return fields.lines
    if fields.amount_fen <= 0:
        raise life.AmountNeeded
    _check_sides(book, chart, fields)
    return cash_lines(
        fields.kind,
        amount_fen=fields.amount_fen,
        purpose=fields.purpose,
        chart=chart,
        fund=book.kind,
        means=fields.means,
        account=fields.account,
    )


def _check_sides(book: Book, chart: Chart, fields: VoucherFields) -> None:
    """The trust fund asks for a source or a use, the work fund for an account (R4.6)."""
    if fields.kind in (VoucherKind.REVERSAL, VoucherKind.DIFFERENCE):
        raise PurposeDoesNotFit
    if book.kind == WORK and fields.kind in (VoucherKind.RECEIPT, VoucherKind.PAYMENT, VoucherKind.TRANSFER):
        money = {chart.by_role(roles[WORK]).code for roles in (BANK_ROLES, CASH_ROLES)}
        if fields.account is None or fields.account in money or fields.purpose is not None:
            raise AccountNeeded
        check_fund((Line(account=fields.account),), chart, WORK)
        return
    expected = {VoucherKind.RECEIPT: "income", VoucherKind.PAYMENT: "use", VoucherKind.TRANSFER: "use"}.get(fields.kind)
    found = purpose_role(fields.purpose).partition(".")[0] if fields.purpose is not None else None
    if found != expected or fields.account is not None:
        raise PurposeDoesNotFit


def _check_fields(session: Session, book: Book, fields: VoucherFields) -> None:
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
        in_force(session, book.community_id, fields.resolution_id, fields.day)


def _check_corrects(session: Session, book: Book, voucher: Voucher, corrects_id: str | None) -> None:
    """What is put right is posted, stands in the same book, and is put right once (R5.3)."""
    if corrects_id is None:
        return
    original = get(session, Voucher, book.community_id, corrects_id)
    if original.state != VoucherState.POSTED or original.book_id != book.id:
        raise NothingToCorrect
    query = select(Voucher).where(
        Voucher.community_id == book.community_id,
        Voucher.corrects_id == corrects_id,
        Voucher.kind != VoucherKind.DIFFERENCE,
    )
    for other in session.scalars(query):
        if other is not voucher and reversal_of(session, other) is None:
            raise CorrectedAlready(number=label(other))
