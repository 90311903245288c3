"""Reconciling a month with the bank and closing it. A closed month never opens again (R5.6)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from finance.rules.charts import TRUST
from finance.rules.life import VoucherState
from finance.rules.periods import last_day, month_text
from finance.rules.statements import Reconciliation, check_reconciled
from finance.service import bank
from finance.service.books import bank_accounts, first_open_month, open_month, the_book
from finance.service.carrying import check_december
from finance.service.reconciliation import book_balance, reconcile, reconciliation_content
from finance.service.vouchers import vouchers
from finance.tables import Book, Period
from hoa.kernel import canonical
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.posts import COMMITTEE_CASHIER
from hoa.offices.service import posts_held

# What is reconciled stands in a module of its own; who closes a month finds it here.
__all__ = ["ClosingView", "book_balance", "close_month", "closing_view", "reconcile", "reconciliation_content"]


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


def closing_view(session: Session, community_id: str, *, month: int, now: datetime, kind: str = TRUST) -> ClosingView:
    """Everything that closing a month of a fund's book would look at, without closing it."""
    book = the_book(session, community_id, kind)
    reconciliation = reconcile(session, book, last_day(month))
    obstacles: list[Refusal] = []
    checks: tuple[Callable[[], None], ...] = (
        lambda: _check_time(session, book, month, today(now)),
        lambda: _check_pending(session, book, month),
        lambda: _check_coverage(session, book, month),
        lambda: check_december(session, book, month),
        lambda: check_reconciled(reconciliation),
    )
    for check in checks:
        try:
            check()
        except Refusal as refusal:
            obstacles.append(refusal)
    return ClosingView(month=month, reconciliation=reconciliation, obstacles=tuple(obstacles))


def close_month(
    session: Session, community_id: str, *, month: int, by: str, now: datetime, kind: str = TRUST
) -> Period:
    """Close a month on its reconciliation; open items are listed in it and stay visible."""
    book = the_book(session, community_id, kind, lock=True)
    if COMMITTEE_CASHIER in posts_held(session, community_id, by, now):
        raise CashierReconciles
    period = open_month(session, book, last_day(month))
    view = closing_view(session, community_id, month=month, now=now, kind=kind)
    if view.obstacles:
        raise view.obstacles[0]
    content = reconciliation_content(view.reconciliation)
    period.reconciliation, period.reconciliation_digest = content, canonical.digest(content)
    period.closed_at, period.closed_by_id, period.state = now, by, "closed"
    session.flush()
    return period


def _check_time(session: Session, book: Book, month: int, day: date) -> None:
    if last_day(month) >= day:
        raise MonthNotOver(month=month_text(month))
    due = first_open_month(session, book)
    if due < month:
        raise EarlierMonthOpen(month=month_text(due))


def _check_pending(session: Session, book: Book, month: int) -> None:
    pending = [state for state in VoucherState if state is not VoucherState.POSTED]
    first = last_day(month).replace(day=1)
    waiting = vouchers(session, book.community_id, states=pending, start=first, end=last_day(month), book=book)
    if waiting:
        raise VouchersPending(month=month_text(month), count=len(waiting))


def _check_coverage(session: Session, book: Book, month: int) -> None:
    """Every account's statement is there to the last day. A fund that has no account has no statement to wait for."""
    for account in bank_accounts(session, book):
        until = bank.covered_until(session, account)
        if until is None or until < last_day(month):
            raise BankNotCovered(until=until.isoformat() if until else "—", needed=last_day(month).isoformat())
