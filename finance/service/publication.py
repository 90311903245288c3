"""The quarter's statement, frozen and published through the bulletin; and what it would be if it were published now
(books.md 3).
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from finance.rules import statements as rules
from finance.rules.contracts import Direction
from finance.rules.ledger import Line, VoucherKind
from finance.rules.life import VoucherState
from finance.rules.periods import Quarter, month_text
from finance.rules.statements import Entry, Group, Posted, Statement
from finance.service import contracts as contract_service
from finance.service.books import bank_account, chart_of, find_period, first_open_month, trust_book
from finance.service.closing import reconcile, reconciliation_content
from finance.service.vouchers import label_of, lines_by_voucher
from finance.tables import Book, Voucher, VoucherLine
from hoa.bulletin import service as bulletin
from hoa.bulletin.tables import Publication
from hoa.kernel import canonical, masking
from hoa.kernel.errors import N_, Refusal
from hoa.resolutions import service as resolutions

KIND = "finance.quarter"


class MonthsOpen(Refusal):
    message = N_("%(month)s 还没有结账，先结清三个月再公示")


class QuarterNotOver(Refusal):
    message = N_("%(quarter)s 还没有过完，不能公示")


class NothingChanged(Refusal):
    message = N_("这个季度已经公示过，内容没有变化")
    status = 409


def posted_vouchers(session: Session, book: Book, *, start: date, until: date) -> list[Posted]:
    """The posted vouchers of a book dated from `start` to `until` with their lines, in the order they were posted."""
    dated = (*_posted_in(book), Voucher.day >= start, Voucher.day <= until)
    lines = lines_by_voucher(session, book.community_id, select(Voucher.id).where(*dated))
    query = select(
        Voucher.id,
        Voucher.kind,
        Voucher.day,
        Voucher.month,
        Voucher.number,
        Voucher.summary,
        Voucher.party,
        Voucher.party_is_person,
        Voucher.resolution_id,
        Voucher.contract_id,
    ).where(*dated)
    return [
        Posted(
            id=row.id,
            label=label_of(row.day, row.month, row.number),
            kind=VoucherKind(row.kind),
            day=row.day,
            summary=row.summary,
            party=masking.name(row.party) if row.party_is_person else row.party,
            lines=lines[row.id],
            resolution_id=row.resolution_id,
            contract_id=row.contract_id,
        )
        for row in session.execute(query.order_by(Voucher.seq))
    ]


def brought_in(session: Session, book: Book, *, before: date) -> tuple[Line, ...]:
    """What was posted dated before a day, added up by account in the database: years of entries are not read for a
    quarter.
    """
    earlier = select(Voucher.id).where(*_posted_in(book), Voucher.day < before)
    query = (
        select(VoucherLine.account, func.sum(VoucherLine.debit_fen), func.sum(VoucherLine.credit_fen))
        .where(VoucherLine.community_id == book.community_id, VoucherLine.voucher_id.in_(earlier))
        .group_by(VoucherLine.account)
        .order_by(VoucherLine.account)
    )
    return tuple(
        Line(account=account, debit_fen=int(debit), credit_fen=int(credit))
        for account, debit, credit in session.execute(query)
    )


def _posted_in(book: Book) -> tuple[ColumnElement[bool], ...]:
    return (
        Voucher.community_id == book.community_id,
        Voucher.book_id == book.id,
        Voucher.state == VoucherState.POSTED,
    )


def statement(session: Session, community_id: str, *, start: date, end: date) -> Statement:
    """The 公共收益收支表 of a period, checked: it adds up, and what is held equals what is owed."""
    book = trust_book(session, community_id)
    chart = chart_of(book)
    brought = brought_in(session, book, before=start)
    posted = posted_vouchers(session, book, start=start, until=end)
    rules.check_trust([*brought, *(line for voucher in posted for line in voucher.lines)], chart)
    return rules.build(posted, start=start, end=end, chart=chart, brought=brought)


def quarter_content(session: Session, community_id: str, quarter: Quarter) -> dict[str, Any]:
    """Everything the quarter's publication says (R4.7), as canonical data: the same ledger always gives the same
    bytes.
    """
    book = trust_book(session, community_id)
    found = statement(session, community_id, start=quarter.start, end=quarter.end)
    account = bank_account(session, book)
    decisions = {row.id: f"{row.title}" for row in resolutions.resolutions(session, community_id)}
    contracts = contract_service.views(session, community_id, today=quarter.end, until=quarter.end)
    numbers = {view.contract.id: view.contract.number for view in contracts}
    return {
        "kind": KIND,
        "quarter": str(quarter),
        "start": quarter.start.isoformat(),
        "end": quarter.end.isoformat(),
        "opening_fen": found.opening_fen,
        "income_fen": found.income_fen,
        "spending_fen": found.spending_fen,
        "closing_fen": found.closing_fen,
        "income": [_group(group, decisions, numbers) for group in found.income],
        "spending": [_group(group, decisions, numbers) for group in found.spending],
        "account": {"name": account.name, "bank": account.bank, "ends_with": account.account_no[-4:]},
        "reconciliation": reconciliation_content(reconcile(session, book, quarter.end)),
        "contracts": [
            _contract(view)
            for view in contracts
            if view.contract.starts_on <= quarter.end and view.contract.ends_on >= quarter.start
        ],
        "chain_head": _chain_head(session, book, quarter.end),
    }


def _group(group: Group, decisions: dict[str, str], numbers: dict[str, int]) -> dict[str, Any]:
    return {
        "purpose": group.purpose,
        "amount_fen": group.amount_fen,
        "lines": [_line(entry, decisions, numbers) for entry in group.entries],
    }


def _line(entry: Entry, decisions: dict[str, str], numbers: dict[str, int]) -> dict[str, Any]:
    voucher = entry.voucher
    return {
        "voucher": voucher.id,
        "number": voucher.label,
        "day": voucher.day.isoformat(),
        "summary": voucher.summary,
        "party": voucher.party,
        "amount_fen": entry.amount_fen,
        "decision": decisions.get(voucher.resolution_id or ""),
        "contract": numbers.get(voucher.contract_id or ""),
    }


def _contract(view: contract_service.ContractView) -> dict[str, Any]:
    contract = view.contract
    return {
        "number": contract.number,
        "direction": contract.direction,
        "title": contract.title,
        "common_part": contract.common_part,
        "party": contract.party,
        "starts_on": contract.starts_on.isoformat(),
        "ends_on": contract.ends_on.isoformat(),
        "due_fen": view.due_fen,
        "settled_fen": view.settled_fen,
        "overdue_fen": sum(due.missing_fen for due in view.late) if contract.direction == Direction.INCOME else 0,
        "expired": view.expired,
    }


def _chain_head(session: Session, book: Book, end: date) -> str:
    """The hash of the last voucher posted that is dated in or before the period: it binds every voucher before it."""
    query = select(Voucher.hash).where(*_posted_in(book), Voucher.day <= end)
    return session.scalars(query.order_by(Voucher.seq.desc()).limit(1)).one_or_none() or book.head_hash


def publish_quarter(
    session: Session, community_id: str, *, quarter: Quarter, code: str, by: str, now: datetime
) -> Publication:
    """Freeze the quarter and publish it. Its three months are closed first; the invariants are checked on the way."""
    book = trust_book(session, community_id, lock=True)
    if quarter.end >= now.date():
        raise QuarterNotOver(quarter=str(quarter))
    for month in quarter.months:
        if month < first_month(book):
            continue
        period = find_period(session, book, month)
        if period is None or period.state != "closed":
            raise MonthsOpen(month=month_text(month))
    content = quarter_content(session, community_id, quarter)
    latest = latest_publication(session, community_id, quarter)
    if latest is not None and latest.content_hash == canonical.digest(content):
        raise NothingChanged
    return bulletin.publish(
        session,
        community_id,
        kind=KIND,
        title=quarter_title(quarter),
        content=content,
        by=by,
        now=now,
        reference=str(quarter),
        url=statement_path(code, quarter),
    )


def first_month(book: Book) -> int:
    """The month the book begins in."""
    return book.opened_on.year * 100 + book.opened_on.month


def latest_publication(session: Session, community_id: str, quarter: Quarter) -> Publication | None:
    """The newest publication of a quarter."""
    return next(iter(publications(session, community_id, quarter)), None)


def publications(session: Session, community_id: str, quarter: Quarter | None = None) -> Sequence[Publication]:
    """Published statements, newest first."""
    query = select(Publication).where(Publication.community_id == community_id, Publication.kind == KIND)
    if quarter is not None:
        query = query.where(Publication.reference == str(quarter))
    return session.scalars(query.order_by(Publication.published_at.desc(), Publication.id)).all()


def due_quarter(session: Session, book: Book, day: date) -> Quarter | None:
    """The earliest quarter that is over and was not published yet."""
    done = {publication.reference for publication in publications(session, book.community_id)}
    quarter = Quarter.of(book.opened_on)
    while quarter.end < day:
        if str(quarter) not in done:
            return quarter
        quarter = quarter.next
    return None


def months_left(session: Session, book: Book, quarter: Quarter) -> list[int]:
    """The months of a quarter that are still open."""
    begin = max(first_open_month(session, book), first_month(book))
    return [month for month in quarter.months if month >= begin]


def current_hash(session: Session, community_id: str, reference: str) -> str | None:
    """What the quarter would be published as now; the bulletin compares it with what was published (Protocol
    CurrentContent).
    """
    try:
        return canonical.digest(quarter_content(session, community_id, Quarter.parse(reference)))
    except Refusal:
        # Books that no longer add up are certainly not what was published.
        return "0" * 64


def statement_path(code: str, quarter: Quarter) -> str:
    """Where the quarter is read in full."""
    return f"/c/{code}/books/{quarter}"


def quarter_title(quarter: Quarter) -> str:
    """What the publication is called: data, in the language of the law."""
    return f"{quarter.year} 年第{'一二三四'[quarter.number - 1]}季度公共收益收支表"
