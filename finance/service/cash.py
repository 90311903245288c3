"""The cash box of a fund: its journal, carrying money to the bank and drawing it, and counting it."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.rules import cash as rules
from finance.rules.cash import CashMove, CashRow
from finance.rules.charts import CASH_ROLES
from finance.rules.ledger import Means, VoucherKind
from finance.rules.life import NotYetHappened, VoucherState
from finance.rules.periods import last_day, month_text
from finance.service.books import chart_of, the_book
from finance.service.vouchers import VoucherFields, draft, label_of
from finance.tables import Book, CashCount, Voucher, VoucherLine
from hoa.community import pack_choice
from hoa.kernel import money
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal


class CountedAlready(Refusal):
    message = N_("%(month)s 月底的现金已经盘点过，盘点记录不能改")
    status = 409


class WitnessNeeded(Refusal):
    message = N_("请写明一起盘点的另一个人：出纳点钱，要有别人在场")


def held_fen(session: Session, book: Book, *, on: date | None = None) -> int:
    """What lies in the cash box by the posted book, in fen; at the end of a day, or now."""
    query = (
        select(func.coalesce(func.sum(VoucherLine.debit_fen - VoucherLine.credit_fen), 0))
        .join(Voucher, (Voucher.community_id == VoucherLine.community_id) & (Voucher.id == VoucherLine.voucher_id))
        .where(
            VoucherLine.community_id == book.community_id,
            VoucherLine.account == chart_of(book).by_role(CASH_ROLES[book.kind]).code,
            Voucher.book_id == book.id,
            Voucher.state == VoucherState.POSTED,
        )
    )
    if on is not None:
        query = query.where(Voucher.day <= on)
    return int(session.scalar(query) or 0)


def moves(session: Session, book: Book, *, until: date | None = None) -> list[CashMove]:
    """Every posted voucher that moved cash, by day and as they were posted."""
    fen = func.sum(VoucherLine.debit_fen - VoucherLine.credit_fen)
    query = (
        select(
            Voucher.id,
            Voucher.kind,
            Voucher.day,
            Voucher.month,
            Voucher.number,
            Voucher.summary,
            Voucher.party,
            Voucher.party_is_person,
            Voucher.reverses_id,
            Voucher.seq,
            fen.label("fen"),
        )
        .join(VoucherLine, (VoucherLine.community_id == Voucher.community_id) & (VoucherLine.voucher_id == Voucher.id))
        .where(
            Voucher.community_id == book.community_id,
            Voucher.book_id == book.id,
            Voucher.state == VoucherState.POSTED,
            VoucherLine.account == chart_of(book).by_role(CASH_ROLES[book.kind]).code,
        )
        .group_by(
            Voucher.id,
            Voucher.kind,
            Voucher.day,
            Voucher.month,
            Voucher.number,
            Voucher.summary,
            Voucher.party,
            Voucher.party_is_person,
            Voucher.reverses_id,
            Voucher.seq,
        )
    )
    if until is not None:
        query = query.where(Voucher.day <= until)
    return [
        CashMove(
            voucher_id=row.id,
            label=label_of(row.day, row.month, row.number),
            kind=row.kind,
            day=row.day,
            fen=int(row.fen),
            summary=row.summary,
            party=row.party,
            party_is_person=row.party_is_person,
            reverses_id=row.reverses_id,
        )
        for row in session.execute(query.order_by(Voucher.day, Voucher.seq))
    ]


def journal(session: Session, book: Book, *, until: date | None = None) -> list[CashRow]:
    """The cash journal (现金日记账) from the beginning."""
    return rules.journal(moves(session, book, until=until))


def float_limit_fen(session: Session, community_id: str, day: date) -> int:
    """How much may lie in the box overnight (R5.9)."""
    return pack_choice.current(session, community_id, day=day).number("cash_float_fen")


def carry(
    session: Session,
    community_id: str,
    *,
    fund: str,
    kind: VoucherKind,
    amount_fen: int,
    day: date,
    note: str,
    by: str,
    now: datetime,
) -> Voucher:
    """Carry cash to the bank (DEPOSIT) or draw it (DRAWING): a voucher of its own with both sides, which the bank's
    line is put beside.
    """
    book = the_book(session, community_id, fund)
    words = "现金存入银行" if kind is VoucherKind.DEPOSIT else "从银行提取现金"
    if kind is VoucherKind.DEPOSIT and amount_fen > held_fen(session, book):
        raise rules.CashMissing(held=money.show(held_fen(session, book)), amount=money.show(amount_fen))
    fields = VoucherFields(
        kind=kind,
        book=fund,
        day=day,
        summary=f"{words}：{note}" if note else words,
        party=book.name,
        amount_fen=amount_fen,
        means=Means.CASH,
    )
    return draft(session, community_id, fields=fields, by=by, now=now)


def count(
    session: Session,
    community_id: str,
    *,
    fund: str,
    month: int,
    counted_fen: int,
    witness: str,
    note: str,
    by: str,
    now: datetime,
) -> CashCount:
    """Write down what was counted at a month's end, beside what the book says; a difference has its reason."""
    book = the_book(session, community_id, fund, lock=True)
    day = last_day(month)
    if day > today(now):
        raise NotYetHappened(day=day.isoformat())
    if counted_fen < 0:
        raise rules.CountNegative
    if not witness.strip():
        raise WitnessNeeded
    query = select(CashCount).where(
        CashCount.community_id == community_id, CashCount.book_id == book.id, CashCount.day == day
    )
    if session.scalars(query).first() is not None:
        raise CountedAlready(month=month_text(month))
    book_fen = held_fen(session, book, on=day)
    if counted_fen != book_fen and not note.strip():
        gap = money.show(abs(counted_fen - book_fen))
        raise rules.DifferenceUnexplained(counted=money.show(counted_fen), book=money.show(book_fen), gap=gap)
    row = CashCount(
        community_id=community_id,
        book_id=book.id,
        day=day,
        counted_fen=counted_fen,
        book_fen=book_fen,
        note=note.strip(),
        counted_by_id=by,
        witness=witness.strip(),
        counted_at=now,
    )
    session.add(row)
    session.flush()
    return row


def counts(session: Session, book: Book) -> Sequence[CashCount]:
    """Every count, the latest first."""
    query = select(CashCount).where(CashCount.community_id == book.community_id, CashCount.book_id == book.id)
    return session.scalars(query.order_by(CashCount.day.desc())).all()
