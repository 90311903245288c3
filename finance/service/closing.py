"""Reconciling a month with the bank and closing it. A closed month never opens again (R5.6)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.rules.charts import TRUST_BANK
from finance.rules.ledger import VoucherKind
from finance.rules.life import VoucherState
from finance.rules.periods import last_day, month_text
from finance.rules.statements import OpenItem, OpenKind, Reconciliation, check_reconciled
from finance.service import bank
from finance.service.books import bank_account, chart_of, first_open_month, open_month, trust_book
from finance.service.vouchers import label, signed_fen, vouchers
from finance.tables import BankAccount, BankLine, Book, Match, Period, Voucher, VoucherLine
from hoa.kernel import canonical
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.posts import COMMITTEE_CASHIER
from hoa.offices.service import posts_held


class MonthNotOver(Refusal):
    message = N_("%(month)s 还没有过完，月底以后才能结账")


class EarlierMonthOpen(Refusal):
    message = N_("请先结清 %(month)s，账要一个月一个月地结")


class VouchersPending(Refusal):
    message = N_("%(month)s 还有 %(count)s 张凭证没有记账，请先复核记账，或删去草稿")


class BankNotCovered(Refusal):
    message = N_("银行流水只导入到 %(until)s，请先导入到 %(needed)s")


class CashierReconciles(Refusal):
    message = N_("出纳不能编制自己的余额调节表，请由财务委员来结账")


@dataclass(frozen=True, kw_only=True)
class ClosingView:
    """A month before it is closed: the reconciliation, and what still stands in the way."""

    month: int
    reconciliation: Reconciliation
    obstacles: tuple[Refusal, ...]


def reconcile(session: Session, book: Book, day: date) -> Reconciliation:
    """Bank and books at the end of a day, with every movement that only one side knows (余额调节表)."""
    account = bank_account(session, book)
    bank_fen = bank.balance_on(session, account, day)
    return Reconciliation(
        day=day,
        bank_fen=bank_fen if bank_fen is not None else _bank_opening(session, account),
        book_fen=book_balance(session, book, day),
        items=(*_bank_items(session, account, day), *_book_items(session, book, day)),
    )


def book_balance(session: Session, book: Book, day: date) -> int:
    """What the account holds by the books at the end of a day, in fen."""
    code = chart_of(book).by_role(TRUST_BANK).code
    query = (
        select(func.sum(VoucherLine.debit_fen - VoucherLine.credit_fen))
        .join(Voucher, (Voucher.community_id == VoucherLine.community_id) & (Voucher.id == VoucherLine.voucher_id))
        .where(
            VoucherLine.community_id == book.community_id,
            VoucherLine.account == code,
            Voucher.book_id == book.id,
            Voucher.state == VoucherState.POSTED,
            Voucher.day <= day,
        )
    )
    return int(session.scalar(query) or 0)


def _bank_opening(session: Session, account: BankAccount) -> int:
    first = next(iter(bank.lines(session, account)), None)
    return first.balance_fen - first.amount_fen if first is not None else 0


def _bank_items(session: Session, account: BankAccount, day: date) -> list[OpenItem]:
    """Bank lines up to a day whose voucher is missing, not posted, or dated later."""
    booked = (
        select(Match.bank_line_id)
        .join(Voucher, (Voucher.community_id == Match.community_id) & (Voucher.id == Match.voucher_id))
        .where(
            Match.community_id == account.community_id,
            Match.released_at.is_(None),
            Voucher.state == VoucherState.POSTED,
            Voucher.day <= day,
        )
    )
    query = select(BankLine).where(
        BankLine.community_id == account.community_id,
        BankLine.account_id == account.id,
        BankLine.day <= day,
        BankLine.id.not_in(booked),
    )
    return [
        OpenItem(
            kind=OpenKind.BANK_IN if line.amount_fen > 0 else OpenKind.BANK_OUT,
            ref=line.id,
            day=line.day,
            amount_fen=abs(line.amount_fen),
            text=" ".join(filter(None, (line.party, line.summary, line.reference))),
        )
        for line in session.scalars(query.order_by(BankLine.seq))
    ]


def _book_items(session: Session, book: Book, day: date) -> list[OpenItem]:
    """Posted vouchers up to a day without a bank line up to that day. A reversed voucher and its red one settle each
    other.
    """
    at_bank = (
        select(Match.voucher_id)
        .join(BankLine, (BankLine.community_id == Match.community_id) & (BankLine.id == Match.bank_line_id))
        .where(Match.community_id == book.community_id, Match.released_at.is_(None), BankLine.day <= day)
    )
    taken_back = select(Voucher.reverses_id).where(
        Voucher.community_id == book.community_id,
        Voucher.reverses_id.is_not(None),
        Voucher.state == VoucherState.POSTED,
        Voucher.day <= day,
    )
    query = select(Voucher).where(
        Voucher.community_id == book.community_id,
        Voucher.book_id == book.id,
        Voucher.state == VoucherState.POSTED,
        Voucher.kind.in_((VoucherKind.RECEIPT, VoucherKind.PAYMENT)),
        Voucher.day <= day,
        Voucher.id.not_in(at_bank),
        Voucher.id.not_in(taken_back),
    )
    return [
        OpenItem(
            kind=OpenKind.BOOK_IN if signed_fen(voucher) > 0 else OpenKind.BOOK_OUT,
            ref=voucher.id,
            day=voucher.day,
            amount_fen=voucher.amount_fen,
            text=f"{label(voucher)} {voucher.summary}",
        )
        for voucher in session.scalars(query.order_by(Voucher.day, Voucher.number))
    ]


def closing_view(session: Session, community_id: str, *, month: int, now: datetime) -> ClosingView:
    """Everything that closing a month would look at, without closing it."""
    book = trust_book(session, community_id)
    reconciliation = reconcile(session, book, last_day(month))
    obstacles: list[Refusal] = []
    checks: tuple[Callable[[], None], ...] = (
        lambda: _check_time(session, book, month, today(now)),
        lambda: _check_pending(session, book, month),
        lambda: _check_coverage(session, book, month),
        lambda: check_reconciled(reconciliation),
    )
    for check in checks:
        try:
            check()
        except Refusal as refusal:
            obstacles.append(refusal)
    return ClosingView(month=month, reconciliation=reconciliation, obstacles=tuple(obstacles))


def close_month(session: Session, community_id: str, *, month: int, by: str, now: datetime) -> Period:
    """Close a month on its reconciliation; open items are listed in it and stay visible."""
    book = trust_book(session, community_id, lock=True)
    if COMMITTEE_CASHIER in posts_held(session, community_id, by, now):
        raise CashierReconciles
    period = open_month(session, book, last_day(month))
    view = closing_view(session, community_id, month=month, now=now)
    if view.obstacles:
        raise view.obstacles[0]
    content = reconciliation_content(view.reconciliation)
    period.reconciliation, period.reconciliation_digest = content, canonical.digest(content)
    period.closed_at, period.closed_by_id, period.state = now, by, "closed"
    session.flush()
    return period


def reconciliation_content(reconciliation: Reconciliation) -> dict[str, object]:
    """The reconciliation as it is kept with the closed month and published."""
    return {
        "day": reconciliation.day.isoformat(),
        "bank_fen": reconciliation.bank_fen,
        "book_fen": reconciliation.book_fen,
        "adjusted_fen": reconciliation.adjusted_book_fen,
        "items": [
            {
                "kind": str(item.kind),
                "day": item.day.isoformat(),
                "amount_fen": item.amount_fen,
                "ref": item.ref,
                "text": item.text,
            }
            for item in reconciliation.items
        ],
    }


def _check_time(session: Session, book: Book, month: int, day: date) -> None:
    if last_day(month) >= day:
        raise MonthNotOver(month=month_text(month))
    due = first_open_month(session, book)
    if due < month:
        raise EarlierMonthOpen(month=month_text(due))


def _check_pending(session: Session, book: Book, month: int) -> None:
    pending = [state for state in VoucherState if state is not VoucherState.POSTED]
    waiting: Sequence[Voucher] = vouchers(
        session, book.community_id, states=pending, start=last_day(month).replace(day=1), end=last_day(month)
    )
    if waiting:
        raise VouchersPending(month=month_text(month), count=len(waiting))


def _check_coverage(session: Session, book: Book, month: int) -> None:
    until = bank.covered_until(session, bank_account(session, book))
    if until is None or until < last_day(month):
        raise BankNotCovered(until=until.isoformat() if until else "—", needed=last_day(month).isoformat())
