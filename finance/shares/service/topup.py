"""The top-up of the maintenance fund: what is due for a year, what was paid, what the fund centre certified."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.service import documents
from finance.service.books import find_book, trust_book
from finance.shares.rules import budgets as budget_rules
from finance.shares.rules import topup as rules
from finance.shares.rules.topup import TopUpRule, TopUpYear
from finance.shares.service.budgets import actual, moved
from finance.shares.tables import TopUpCertificate, TopUpTerm
from finance.tables import Book
from hoa.community import pack_choice
from hoa.kernel.clock import today
from hoa.ports.files import Files
from hoa.resolutions import service as resolutions


def rule(session: Session, community_id: str, *, day: date) -> TopUpRule:
    """What the place asks, from its rule pack."""
    pack = pack_choice.current(session, community_id, day=day)
    percent = pack.parameters["min_topup_percent"]
    return TopUpRule(
        kind=pack.text("min_topup_rule"),
        percent=pack.number("min_topup_percent"),
        source=percent.source,
        verified=percent.verified,
    )


def of_year(session: Session, community_id: str, year: int, *, day: date) -> TopUpYear:
    """Due, paid and certified, from the posted books of the year."""
    book = find_book(session, community_id)
    sums = actual(session, book, year) if book is not None else {}
    income = sum(amount for role, amount in sums.items() if role.startswith("income."))
    term, asked = term_of(session, community_id, year), rule(session, community_id, day=day)
    due = rules.due_fen(
        asked,
        income_fen=income,
        own_percent=term.percent if term is not None else None,
        fund_low=term.fund_low if term is not None else None,
    )
    proved = select(func.coalesce(func.sum(TopUpCertificate.amount_fen), 0)).where(
        TopUpCertificate.community_id == community_id, TopUpCertificate.year == year
    )
    percent = max(asked.percent if asked.kind != rules.NONE else 0, (term.percent or 0) if term is not None else 0)
    return TopUpYear(
        year=year,
        income_fen=income,
        percent=percent,
        due_fen=due,
        paid_fen=_paid(session, book, year) if book is not None else 0,
        proved_fen=int(session.scalar(proved) or 0),
    )


def _paid(session: Session, book: Book, year: int) -> int:
    """What went into the fund for a year. Until its last day, 31 January, a payment still counts for the year before,
    unless there was no year before.
    """
    start = date(year, 2, 1) if year > book.opened_on.year else book.opened_on
    return moved(session, book, start, rules.due_by(year)).get("use.U1", 0)


def years(session: Session, community_id: str, *, day: date) -> list[TopUpYear]:
    """Every year since the book was opened, the latest first."""
    book = find_book(session, community_id)
    if book is None:
        return []
    span = range(day.year, book.opened_on.year - 1, -1)
    return [of_year(session, community_id, year, day=day) for year in span]


def term_of(session: Session, community_id: str, year: int) -> TopUpTerm | None:
    """What was decided or stated last about a year."""
    query = select(TopUpTerm).where(TopUpTerm.community_id == community_id, TopUpTerm.year == year)
    return session.scalars(query.order_by(TopUpTerm.at.desc(), TopUpTerm.id.desc())).first()


def set_term(
    session: Session,
    community_id: str,
    *,
    year: int,
    percent: int | None,
    resolution_id: str | None,
    fund_low: bool | None,
    note: str,
    by: str,
    now: datetime,
) -> TopUpTerm:
    """Write down the assembly's percentage for a year, and whether the fund is low where the place asks by that."""
    budget_rules.check_year(year)
    trust_book(session, community_id)
    if percent is not None:
        rules.check_term(rule(session, community_id, day=today(now)), percent)
        if resolution_id is None:
            raise rules.TermNeedsGround
        decision = resolutions.get(session, community_id, resolution_id)
        budget_rules.check_adoption(
            (),
            title=decision.title,
            source=decision.source,
            decided_on=decision.decided_on,
            valid_until=decision.valid_until,
            limit_fen=None,
            day=today(now),
        )
    row = TopUpTerm(
        community_id=community_id,
        year=year,
        percent=percent,
        resolution_id=resolution_id if percent is not None else None,
        fund_low=fund_low,
        note=note.strip(),
        by_id=by,
        at=now,
    )
    session.add(row)
    session.flush()
    return row


def add_certificate(
    session: Session,
    files: Files,
    community_id: str,
    *,
    year: int,
    amount_fen: int,
    day: date,
    name: str,
    data: bytes,
    by: str,
    now: datetime,
) -> TopUpCertificate:
    """Keep the fund centre's paper: only it shows that the money arrived in the owners' fund."""
    budget_rules.check_year(year)
    trust_book(session, community_id)
    if amount_fen <= 0 or day > today(now):
        raise rules.BadCertificate
    if not data:
        raise rules.NoCertificate
    stored = documents.store(session, files, community_id, name=name, data=data, kind="other", by=by, now=now)
    row = TopUpCertificate(
        community_id=community_id,
        year=year,
        amount_fen=amount_fen,
        day=day,
        document_id=stored.id,
        by_id=by,
        at=now,
    )
    session.add(row)
    session.flush()
    return row


def certificates(session: Session, community_id: str) -> Sequence[TopUpCertificate]:
    query = select(TopUpCertificate).where(TopUpCertificate.community_id == community_id)
    return session.scalars(
        query.order_by(TopUpCertificate.year.desc(), TopUpCertificate.day, TopUpCertificate.id)
    ).all()
