"""A treasurer's month on one screen: what arrived, what is unmatched, what contracts say is missing, who is waited
for, what is to be published by when.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from finance.rules.contracts import Direction, DueStatus
from finance.rules.life import VoucherState
from finance.rules.periods import Quarter, last_day, month_of
from finance.rules.statements import Statement
from finance.service import bank, publication
from finance.service import contracts as contract_service
from finance.service.books import bank_accounts, find_period, first_open_month, trust_book
from finance.service.closing import ClosingView, book_balance, closing_view
from finance.service.matching import MatchedLine, open_lines, with_proposals
from finance.service.vouchers import vouchers
from finance.tables import BankAccount, Book, Contract, Period, Voucher
from hoa.bulletin import service as bulletin
from hoa.bulletin.tables import Objection
from hoa.kernel.clock import today


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
    year: Statement
    closing: ClosingView | None
    quarter: Quarter | None
    publish_by: date | None
    months_left: tuple[int, ...]

    @property
    def closed(self) -> bool:
        return self.period is not None and self.period.state == "closed"

    @property
    def days_to_publish(self) -> int | None:
        """Days left to publish the quarter that is over, negative when late."""
        return (self.publish_by - self.day).days if self.publish_by else None

    @property
    def day(self) -> date:
        return self.year.end


def work_month(session: Session, book: Book, now: datetime) -> int:
    """The month a treasurer works on: the earliest open one, but not one that has not begun."""
    return min(first_open_month(session, book), month_of(today(now)))


def month_view(session: Session, community_id: str, *, month: int | None, now: datetime) -> MonthView:
    """The screen of a month, or of the month that is worked on. Once all months of a quarter that was not published
    are closed, that is its last one.
    """
    book = trust_book(session, community_id)
    day = today(now)
    quarter = publication.due_quarter(session, book, day)
    left = publication.months_left(session, book, quarter) if quarter else []
    if month is None:
        month = work_month(session, book, now)
        if quarter is not None and not left:
            month = min(month, quarter.months[2])
    end = min(last_day(month), day)
    account = next(iter(bank_accounts(session, book)), None)
    views = contract_service.views(session, community_id, today=day)
    period = find_period(session, book, month)
    closed = period is not None and period.state == "closed"
    return MonthView(
        book=book,
        account=account,
        month=month,
        period=period,
        lines=_lines(session, account, month, day),
        open_lines=tuple(open_lines(session, account, today=day, end=end)) if account else (),
        late=_late(views),
        expired=tuple(view.contract for view in views if _ran_out(view, views)),
        drafts=vouchers(session, community_id, states=(VoucherState.DRAFT,)),
        submitted=vouchers(session, community_id, states=(VoucherState.SUBMITTED,)),
        approved=vouchers(session, community_id, states=(VoucherState.APPROVED,)),
        objections=_objections(session, community_id),
        bank_fen=bank.balance_on(session, account, end) if account else None,
        book_fen=book_balance(session, book, end),
        year=publication.statement(session, community_id, start=date(month // 100, 1, 1), end=day),
        closing=None if closed or account is None else closing_view(session, community_id, month=month, now=now),
        quarter=quarter,
        publish_by=quarter.publish_by(book.publish_within_days) if quarter else None,
        months_left=tuple(left),
    )


def _lines(session: Session, account: BankAccount | None, month: int, day: date) -> tuple[MatchedLine, ...]:
    if account is None:
        return ()
    return tuple(with_proposals(session, account, bank.lines_of_month(session, account, month), today=day))


def _late(views: Sequence[contract_service.ContractView]) -> tuple[LateDue, ...]:
    return tuple(
        LateDue(contract=view.contract, status=status)
        for view in views
        if view.contract.direction == Direction.INCOME
        for status in view.late
    )


def _ran_out(view: contract_service.ContractView, views: Sequence[contract_service.ContractView]) -> bool:
    """An income contract that ended and that no later one with the same party over the same part continues (F08)."""
    contract = view.contract
    if not view.expired or contract.direction != Direction.INCOME:
        return False
    return not any(
        other.contract.party == contract.party
        and other.contract.common_part == contract.common_part
        and other.contract.ends_on > contract.ends_on
        for other in views
    )


def _objections(session: Session, community_id: str) -> list[Objection]:
    own = {row.id for row in publication.publications(session, community_id)}
    return [row for row in bulletin.open_objections(session, community_id) if row.publication_id in own]
