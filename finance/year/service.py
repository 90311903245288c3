"""The end of a year, step by step: the months, the voucher that carries income and expense to net assets, the close
itself, and the report that goes to two authorities (R5.1, R5.8).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.rules import years
from finance.rules.charts import WORK
from finance.rules.fund.carrying import NothingToCarry, check_carried, closing_lines, release_lines, to_carry
from finance.rules.ledger import VoucherKind, turnover_fen
from finance.rules.life import NotYetHappened, VoucherState
from finance.rules.periods import month_text
from finance.rules.years import BookYear, EarlierYearOpen, Receiver, YearClosed, YearOpenMonth
from finance.service import fund_statements
from finance.service.books import books, chart_of, find_book, periods, work_book
from finance.service.carrying import DECEMBER, balances
from finance.service.closing import CashierReconciles, VouchersPending
from finance.service.vouchers import VoucherFields, draft, reversal_of, vouchers
from finance.tables import Book, Voucher
from finance.year.tables import ClosedYear, YearReport
from hoa.community import pack_choice
from hoa.kernel import canonical
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.posts import COMMITTEE_CASHIER
from hoa.offices.service import posts_held

DUE_ON = {
    Receiver.SUPERVISOR: "annual_report_supervisor_by",
    Receiver.REGISTRAR: "annual_report_registrar_by",
}
PENDING = tuple(state for state in VoucherState if state is not VoucherState.POSTED)


class ClosingPending(Refusal):
    message = N_("%(year)s 年的结转凭证已经写好，还没有记账，请先复核、记账")
    status = 409


class NoYearToClose(Refusal):
    message = N_("%(year)s 年还没有建账，没有要年结的")


class ReportedAlready(Refusal):
    message = N_("%(year)s 年度报告报送这个单位的日期已经登记过")
    status = 409


class ProofNeeded(Refusal):
    message = N_("请写明凭什么证明已经报送，例如受理单号或平台截图的编号")


@dataclass(frozen=True, kw_only=True)
class ReportDue:
    """The yearly report to one authority: its last day by the rule pack, and when it was sent."""

    receiver: Receiver
    due: date
    sent: YearReport | None


@dataclass(frozen=True, kw_only=True)
class YearView:
    """A year and what is left to do for it. `carry_fen`: what income and expense still hold, None without a work fund;
    `closing`: the voucher that carries it, on its way or posted.
    """

    year: int
    books: tuple[BookYear, ...]
    over: bool
    work: bool
    result_fen: int
    restricted_fen: int
    to_carry: int
    closing: Voucher | None
    closed: ClosedYear | None
    obstacles: tuple[Refusal, ...]
    reports: tuple[ReportDue, ...]

    @property
    def open_months(self) -> list[tuple[str, int]]:
        return [(book.name, month) for book in self.books for month in book.open_months(self.year)]


def books_of(session: Session, community_id: str) -> list[BookYear]:
    """The community's books with their closed months."""
    return [
        BookYear(
            name=book.name,
            opened_on=book.opened_on,
            closed=frozenset(row.month for row in periods(session, book) if row.state == "closed"),
        )
        for book in books(session, community_id)
    ]


def view(session: Session, community_id: str, *, year: int, now: datetime) -> YearView:
    """What is left to do for a year."""
    kept = books_of(session, community_id)
    book = find_book(session, community_id, WORK)
    built = fund_statements.build(session, community_id, start=years.first_of(year), end=years.last_of(year))
    left = {} if book is None else to_carry(balances(session, book, until=years.last_of(year)), chart_of(book))
    return YearView(
        year=year,
        books=tuple(kept),
        over=today(now) > years.last_of(year),
        work=book is not None and book.opened_on.year <= year,
        result_fen=built.activities.year.together["change"],
        restricted_fen=built.sheet.end["restricted"],
        to_carry=len(left),
        closing=None if book is None else closing_voucher(session, book, year),
        closed=closed_year(session, community_id, year),
        obstacles=_obstacles(session, community_id, kept, book, year, today(now)),
        reports=reports(session, community_id, year=year, day=today(now)) if book is not None else (),
    )


def _obstacles(
    session: Session, community_id: str, kept: Sequence[BookYear], book: Book | None, year: int, day: date
) -> tuple[Refusal, ...]:
    """Everything that keeps a year from being closed, in the order it has to be done."""
    checks: tuple[Callable[[], None], ...] = (
        lambda: _check_begun(kept, year),
        lambda: years.check_over(year, day),
        lambda: _check_earlier(session, community_id, kept, year),
        lambda: _check_zero(session, book, year),
        lambda: years.check_months(kept, year),
    )
    found: list[Refusal] = []
    for check in checks:
        try:
            check()
        except Refusal as refusal:
            found.append(refusal)
    return tuple(found)


def _check_begun(kept: Sequence[BookYear], year: int) -> None:
    if not kept or years.first_year(kept) > year:
        raise NoYearToClose(year=year)


def _check_earlier(session: Session, community_id: str, kept: Sequence[BookYear], year: int) -> None:
    if kept and years.first_year(kept) < year and closed_year(session, community_id, year - 1) is None:
        raise EarlierYearOpen(year=year - 1)


def _check_zero(session: Session, book: Book | None, year: int) -> None:
    if book is not None:
        check_carried(balances(session, book, until=years.last_of(year)), chart_of(book), year=year)


def closing_voucher(session: Session, book: Book, year: int) -> Voucher | None:
    """The latest voucher that carries a year's income and expense, on its way or posted, unless it was taken back."""
    query = select(Voucher).where(
        Voucher.community_id == book.community_id,
        Voucher.book_id == book.id,
        Voucher.kind == VoucherKind.CLOSING,
        Voucher.month == year * 100 + DECEMBER,
    )
    rows = session.scalars(query.order_by(Voucher.made_at.desc(), Voucher.id.desc()))
    return next((row for row in rows if reversal_of(session, row) is None), None)


def propose(session: Session, community_id: str, *, year: int, by: str, now: datetime) -> Voucher:
    """Write the voucher that closes a year, as a draft of its last day: it is handed in, checked and posted like any
    other, in December, which stays open for it.
    """
    book = work_book(session, community_id, lock=True)
    _check_before_proposing(session, book, year, today(now))
    lines = closing_lines(balances(session, book, until=years.last_of(year)), chart_of(book))
    if not lines:
        raise NothingToCarry(year=year)
    fields = VoucherFields(
        kind=VoucherKind.CLOSING,
        day=years.last_of(year),
        summary=f"结转 {year} 年收入、费用到净资产",
        party="",
        amount_fen=turnover_fen(lines),
        book=WORK,
        lines=lines,
    )
    return draft(session, community_id, fields=fields, by=by, now=now)


def _check_before_proposing(session: Session, book: Book, year: int, day: date) -> None:
    if closed_year(session, book.community_id, year) is not None:
        raise YearClosed(year=year)
    years.check_over(year, day)
    mine = [kept for kept in books_of(session, book.community_id) if kept.name == book.name]
    for month in mine[0].open_months(year):
        if month % 100 != DECEMBER:
            raise YearOpenMonth(book=book.name, month=month_text(month))
    begun = closing_voucher(session, book, year)
    if begun is not None and begun.state != VoucherState.POSTED:
        raise ClosingPending(year=year)
    waiting = vouchers(
        session,
        book.community_id,
        states=PENDING,
        start=date(year, DECEMBER, 1),
        end=years.last_of(year),
        book=book,
    )
    if waiting:
        raise VouchersPending(month=month_text(year * 100 + DECEMBER), count=len(waiting))


def close(session: Session, community_id: str, *, year: int, by: str, now: datetime) -> ClosedYear:
    """Close a year on its statements. The next one begins with what this one ends with, because every sheet is built
    from all entries before its day.
    """
    if closed_year(session, community_id, year) is not None:
        raise YearClosed(year=year)
    if COMMITTEE_CASHIER in posts_held(session, community_id, by, now):
        raise CashierReconciles
    book = find_book(session, community_id, WORK, lock=True)
    obstacles = _obstacles(session, community_id, books_of(session, community_id), book, year, today(now))
    if obstacles:
        raise obstacles[0]
    built = fund_statements.build(session, community_id, start=years.first_of(year), end=years.last_of(year))
    content = fund_statements.content(built)
    row = ClosedYear(
        community_id=community_id,
        year=year,
        content=content,
        content_digest=canonical.digest(content),
        closed_at=now,
        closed_by_id=by,
    )
    session.add(row)
    session.flush()
    return row


def closed_year(session: Session, community_id: str, year: int) -> ClosedYear | None:
    """The close of a year, if it was closed."""
    query = select(ClosedYear).where(ClosedYear.community_id == community_id, ClosedYear.year == year)
    return session.scalars(query).one_or_none()


def release(
    session: Session, community_id: str, *, amount_fen: int, day: date, reason: str, by: str, now: datetime
) -> Voucher:
    """Write the voucher that sets restricted net assets free, because their condition was met; its proof is attached
    before it is handed in.
    """
    book = work_book(session, community_id)
    if day > today(now):
        raise NotYetHappened(day=day.isoformat())
    built = fund_statements.build(session, community_id, start=years.first_of(day.year), end=day)
    lines = release_lines(amount_fen, chart_of(book), available_fen=built.sheet.end["restricted"])
    fields = VoucherFields(
        kind=VoucherKind.JOURNAL, day=day, summary=reason, party="", amount_fen=amount_fen, book=WORK, lines=lines
    )
    return draft(session, community_id, fields=fields, by=by, now=now)


def reports(session: Session, community_id: str, *, year: int, day: date) -> tuple[ReportDue, ...]:
    """The yearly report of the organisation, to each authority (R5.8)."""
    pack = pack_choice.current(session, community_id, day=day)
    query = select(YearReport).where(YearReport.community_id == community_id, YearReport.year == year)
    sent = {row.receiver: row for row in session.scalars(query)}
    return tuple(
        ReportDue(
            receiver=receiver, due=years.due_day(year, pack.number(DUE_ON[receiver])), sent=sent.get(str(receiver))
        )
        for receiver in Receiver
    )


def report_sent(
    session: Session,
    community_id: str,
    *,
    year: int,
    receiver: Receiver,
    sent_on: date,
    proof: str,
    by: str,
    now: datetime,
) -> YearReport:
    """Write down that the report of a year was handed in."""
    work_book(session, community_id)
    if sent_on > today(now):
        raise NotYetHappened(day=sent_on.isoformat())
    years.check_over(year, sent_on)
    if not proof.strip():
        raise ProofNeeded
    if any(row.sent for row in reports(session, community_id, year=year, day=today(now)) if row.receiver is receiver):
        raise ReportedAlready(year=year)
    row = YearReport(
        community_id=community_id,
        year=year,
        receiver=str(receiver),
        sent_on=sent_on,
        proof=proof.strip(),
        said_by_id=by,
        said_at=now,
    )
    session.add(row)
    session.flush()
    return row


def due_year(session: Session, community_id: str, day: date) -> int | None:
    """The earliest year that is over and not closed."""
    kept = books_of(session, community_id)
    if not kept:
        return None
    over = range(years.first_year(kept), day.year)
    return next((year for year in over if closed_year(session, community_id, year) is None), None)
