"""A treasurer's month on one screen: what arrived, what is unmatched, what contracts say is missing, who is waited
for, what is to be published by when.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from finance.disclosure.tables import Inspection
from finance.rules.charts import TRUST, WORK
from finance.rules.contracts import Direction, DueStatus
from finance.rules.life import VoucherState
from finance.rules.periods import last_day, month_of
from finance.rules.rent import ReminderKind
from finance.rules.spans import Published
from finance.rules.statements import Statement
from finance.service import bank, cash, inspections, publication, rent
from finance.service import contracts as contract_service
from finance.service.books import bank_accounts, find_book, find_period, first_open_month, the_book
from finance.service.closing import ClosingView, closing_view
from finance.service.matching import MatchedLine, open_lines, with_proposals
from finance.service.publication import Due
from finance.service.reconciliation import book_balance
from finance.service.rent import Reminded
from finance.service.vouchers import vouchers
from finance.tables import BankAccount, Book, Contract, Period, Voucher
from hoa.bulletin import service as bulletin
from hoa.bulletin.tables import Objection
from hoa.kernel.clock import today

# So many lines are shown with proposals; the page of open lines has the others.
PROPOSED = 30


@dataclass(frozen=True, kw_only=True)
class LateDue:
    """An instalment that a contract says should have arrived."""

    contract: Contract
    status: DueStatus


@dataclass(frozen=True, kw_only=True)
class MonthView:
    """Everything on the screen. `open_lines` are bank lines without a voucher up to the month's end; `lines` those of
    the month.
    """

    book: Book
    account: BankAccount | None
    month: int
    today: date
    period: Period | None
    lines: tuple[MatchedLine, ...]
    open_lines: tuple[MatchedLine, ...]
    late: tuple[LateDue, ...]
    expired: tuple[Contract, ...]
    drafts: Sequence[Voucher]
    submitted: Sequence[Voucher]
    approved: Sequence[Voucher]
    objections: Sequence[Objection]
    bank_fen: int | None
    book_fen: int
    year: Statement | None
    closing: ClosingView | None
    to_publish: tuple[Due, ...]
    reminders: tuple[Reminded, ...]
    inspections: Sequence[Inspection]
    work_opened: bool
    cash_fen: int

    @property
    def closed(self) -> bool:
        return self.period is not None and self.period.state == "closed"

    @property
    def work(self) -> bool:
        """Whether this is the work fund's month; what is published and what contracts say belongs to the trust fund."""
        return self.book.kind == WORK

    @property
    def span(self) -> Published | None:
        """What is to be published first."""
        return self.to_publish[0].span if self.to_publish else None

    @property
    def publish_by(self) -> date | None:
        return self.to_publish[0].by if self.to_publish else None

    @property
    def months_left(self) -> tuple[int, ...]:
        """The months that are still open of what is to be published first."""
        return self.to_publish[0].months_left if self.to_publish else ()

    @property
    def days_to_publish(self) -> int | None:
        """Days left to publish it, negative when late."""
        return (self.publish_by - self.today).days if self.publish_by else None


def work_month(session: Session, book: Book, now: datetime) -> int:
    """The month a treasurer works on: the earliest open one, but not one that has not begun."""
    return min(first_open_month(session, book), month_of(today(now)))


def month_view(
    session: Session, community_id: str, *, month: int | None, now: datetime, kind: str = TRUST
) -> MonthView:
    """The screen of a month, or of the month that is worked on. Once all months of a quarter that was not published
    are closed, that is its last one.
    """
    book = the_book(session, community_id, kind)
    day = today(now)
    to_publish = tuple(publication.due(session, book, day)) if kind == TRUST else ()
    if month is None:
        month = work_month(session, book, now)
        if to_publish and not to_publish[0].months_left:
            month = min(month, to_publish[0].span.months[-1])
    end = min(last_day(month), day)
    account = next(iter(bank_accounts(session, book)), None)
    views = contract_service.views(session, community_id, today=day) if kind == TRUST else []
    period = find_period(session, book, month)
    closed = period is not None and period.state == "closed"
    drafts, submitted, approved = (
        vouchers(session, community_id, states=(state,), book=book)
        for state in (VoucherState.DRAFT, VoucherState.SUBMITTED, VoucherState.APPROVED)
    )
    return MonthView(
        book=book,
        account=account,
        month=month,
        today=day,
        period=period,
        lines=_lines(session, account, month, day),
        open_lines=tuple(open_lines(session, account, today=day, end=end, most=PROPOSED)) if account else (),
        late=_late(views),
        expired=tuple(view.contract for view in views if _ran_out(view, views)),
        drafts=drafts,
        submitted=submitted,
        approved=approved,
        objections=_objections(session, community_id) if kind == TRUST else (),
        bank_fen=bank.balance_on(session, account, end) if account else None,
        book_fen=book_balance(session, book, end),
        cash_fen=cash.held_fen(session, book, on=end),
        year=_year(session, community_id, month, day) if kind == TRUST else None,
        closing=_closing(session, community_id, book, month, now) if not closed and account is not None else None,
        to_publish=to_publish,
        reminders=_soon(session, community_id, day) if kind == TRUST else (),
        inspections=inspections.waiting(session, community_id) if kind == TRUST else (),
        work_opened=find_book(session, community_id, WORK) is not None,
    )


def _closing(session: Session, community_id: str, book: Book, month: int, now: datetime) -> ClosingView:
    return closing_view(session, community_id, month=month, now=now, kind=book.kind)


def _year(session: Session, community_id: str, month: int, day: date) -> Statement:
    return publication.statement(session, community_id, start=date(month // 100, 1, 1), end=day)


def _soon(session: Session, community_id: str, day: date) -> tuple[Reminded, ...]:
    """What contracts bring soon; what is overdue or has run out stands in its own list."""
    return tuple(
        row
        for row in rent.reminders(session, community_id, today=day)
        if row.reminder.kind in (ReminderKind.DUE, ReminderKind.EXPIRES)
    )


def _lines(session: Session, account: BankAccount | None, month: int, day: date) -> tuple[MatchedLine, ...]:
    if account is None:
        return ()
    lines = bank.lines_of_month(session, account, month)
    return tuple(with_proposals(session, account, lines, today=day, most=PROPOSED))


def _late(views: Sequence[contract_service.ContractView]) -> tuple[LateDue, ...]:
    return tuple(
        LateDue(contract=view.contract, status=status)
        for view in views
        if view.contract.direction == Direction.INCOME
        for status in view.late
    )


def _ran_out(view: contract_service.ContractView, views: Sequence[contract_service.ContractView]) -> bool:
    """An income contract that ran out and that no later one with the same party over the same part continues (F08)."""
    return (
        view.expired
        and not view.ended_early
        and view.contract.direction == Direction.INCOME
        and not rent.followed(view, views)
    )


def _objections(session: Session, community_id: str) -> list[Objection]:
    own = {row.id for row in publication.publications(session, community_id)}
    return [row for row in bulletin.open_objections(session, community_id) if row.publication_id in own]
