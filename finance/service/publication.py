"""The posted ledger as statements need it, and the publications made of it: quarter, year, half-year of the funds; what
is due to be published by when (books.md 3, R4.7).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from finance.rules import statements as rules
from finance.rules.charts import WORK
from finance.rules.ledger import Line, VoucherKind
from finance.rules.life import VoucherState
from finance.rules.periods import Quarter, month_text
from finance.rules.spans import Half, Published, Year
from finance.rules.statements import Posted, Statement
from finance.service.books import chart_of, first_open_month, trust_book
from finance.service.vouchers import label_of, lines_by_voucher
from finance.tables import Book, Voucher, VoucherLine
from hoa.bulletin.tables import Publication
from hoa.community import pack_choice
from hoa.db import get
from hoa.kernel import masking
from hoa.kernel.errors import N_, Refusal

KIND = "finance.quarter"
YEAR_KIND = "finance.year"
HALF_KIND = "finance.half"
KINDS = {KIND: Quarter, YEAR_KIND: Year, HALF_KIND: Half}
TITLES: Mapping[str, str] = {KIND: N_("账目公示"), YEAR_KIND: N_("年度账目公示"), HALF_KIND: N_("半年资金公示")}


class MonthsOpen(Refusal):
    message = N_("%(month)s 还没有结账，先结清这一期的每个月再公示")


class NotOver(Refusal):
    message = N_("%(span)s 还没有过完，不能公示")


class NothingChanged(Refusal):
    message = N_("这一期已经公示过，内容没有变化")
    status = 409


@dataclass(frozen=True, kw_only=True)
class Due:
    """Something that is over and was not published yet, and its last day. `months_left` are still open."""

    span: Published
    by: date
    months_left: tuple[int, ...]


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


def kind_of(span: Published) -> str:
    """The kind of a span's publication."""
    return next(kind for kind, made in KINDS.items() if isinstance(span, made))


def first_month(book: Book) -> int:
    """The month the book begins in."""
    return book.opened_on.year * 100 + book.opened_on.month


def latest_publication(session: Session, community_id: str, span: Published) -> Publication | None:
    """The newest publication of a span."""
    return next(iter(publications(session, community_id, span)), None)


def publications(session: Session, community_id: str, span: Published | None = None) -> Sequence[Publication]:
    """Published statements, newest first."""
    query = select(Publication).where(Publication.community_id == community_id)
    if span is None:
        query = query.where(Publication.kind.in_(KINDS))
    else:
        query = query.where(Publication.kind == kind_of(span), Publication.reference == str(span))
    return session.scalars(query.order_by(Publication.published_at.desc(), Publication.id)).all()


def newest_quarter(session: Session, community_id: str) -> Publication | None:
    """The quarter that was published last."""
    query = select(Publication).where(Publication.community_id == community_id, Publication.kind == KIND)
    return session.scalars(query.order_by(Publication.published_at.desc(), Publication.id).limit(1)).first()


def is_public(session: Session, row: Voucher) -> bool:
    """Whether everybody may read a voucher: it is posted, and its quarter or year was published; of the work fund, its
    half-year.
    """
    if row.state != VoucherState.POSTED:
        return False
    work = get(session, Book, row.community_id, row.book_id).kind == WORK
    spans: tuple[Published, ...] = (Half.of(row.day),) if work else (Quarter.of(row.day), Year(row.day.year))
    return any(latest_publication(session, row.community_id, span) is not None for span in spans)


def last_day_for(session: Session, book: Book, span: Published, *, day: date) -> date:
    """Until when a span is to be published: the community's own term for quarters, the rule pack's for the others."""
    if isinstance(span, Quarter):
        return span.publish_by(book.publish_within_days)
    pack = pack_choice.current(session, book.community_id, day=day)
    return span.publish_by(
        pack.number("publication_annual_days" if isinstance(span, Year) else "publication_half_year_days")
    )


def due(session: Session, book: Book, day: date) -> list[Due]:
    """Everything that is over and was not published, the earliest last day first. A quarter comes before the year that
    ends with it. A half-year is asked for once the book was there on its first day.
    """
    done = {(row.kind, row.reference) for row in publications(session, book.community_id)}
    return [
        Due(
            span=span,
            by=last_day_for(session, book, span, day=day),
            months_left=tuple(months_left(session, book, span)),
        )
        for span in spans_over(book.opened_on, before=day)
        if (kind_of(span), str(span)) not in done
    ]


def spans_over(opened_on: date, *, before: date) -> list[Published]:
    """Everything that is to be published of a book and ended before a day, the earliest end first."""
    spans: list[Published] = []
    for first in (Quarter.of(opened_on), Half.of(opened_on), Year(opened_on.year)):
        span: Published = first
        while span.end < before:
            spans.append(span)
            span = span.next
    order = {Quarter: 0, Half: 1, Year: 2}
    return sorted(spans, key=lambda span: (span.end, order[type(span)]))


def months_left(session: Session, book: Book, span: Published) -> list[int]:
    """The months of a span that are still open."""
    begin = max(first_open_month(session, book), first_month(book))
    return [month for month in span.months if month >= begin]


def check_over(session: Session, book: Book, span: Published, *, day: date) -> None:
    """Refuse to publish what is not over, or a month of which is still open."""
    if span.end >= day:
        raise NotOver(span=str(span))
    for month in months_left(session, book, span):
        raise MonthsOpen(month=month_text(month))


def path(code: str, span: Published) -> str:
    """Where a span is read in full."""
    return f"/c/{code}/books/{span}"


def title(span: Published) -> str:
    """What the publication is called: data, in the language of the law."""
    if isinstance(span, Quarter):
        return f"{span.year} 年第{'一二三四'[span.number - 1]}季度公共收益收支表"
    if isinstance(span, Year):
        return f"{span.year} 年度公共收益收支表和会计报表"
    return f"{span.year} 年{'上下'[span.number - 1]}半年维修资金和工作经费收支情况"
