"""The figures of a period from what the suggestions say now; only days and keys leave the rows, no words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from hoa.affairs.rules import figures as rules
from hoa.affairs.rules.figures import Fact, Figures, Period
from hoa.affairs.rules.states import DONE, OPEN, State
from hoa.affairs.service import reading
from hoa.affairs.tables import Handler, Rating, Suggestion
from hoa.kernel.clock import CHINA, today
from hoa.kernel.workdays import china

OUTSIDE = frozenset(State) - OPEN - DONE
COLUMNS = (
    Suggestion.year,
    Suggestion.number,
    Suggestion.category,
    Suggestion.sorting,
    Suggestion.state,
    Suggestion.round,
    Suggestion.received_at,
    Suggestion.due_on,
    Suggestion.answered_at,
    Suggestion.paused_on,
    Handler.name,
    Rating.stars,
)
Groups = list[tuple[str, Figures]]


@dataclass(frozen=True, kw_only=True)
class Told:
    """A period's figures as they stand on `day`, and what they are compared with: last year's same days."""

    period: Period
    day: date
    whole: Figures
    before: Figures
    before_days: tuple[date, date]
    channels: Sequence[tuple[str, int]]
    sortings: Groups
    categories: Groups
    handlers: Groups
    months: Sequence[tuple[Period, int, int]]
    overdue_now: int
    facts: Sequence[Fact]


def told(session: Session, community_id: str, period: Period, *, day: date) -> Told:
    """Everything the page of figures tells about a period."""
    calendar = china()
    found = facts(session, community_id, since=period.start, until=period.end)
    since, until = period.a_year_before(day)
    earlier = facts(session, community_id, since=since, until=until)

    def by(key: str) -> Groups:
        return rules.grouped(found, lambda fact: str(getattr(fact, key)), day=day, calendar=calendar)

    return Told(
        period=period,
        day=day,
        whole=rules.count(found, day=day, calendar=calendar),
        before=rules.count(earlier, day=day, calendar=calendar),
        before_days=(since, until),
        channels=channels(session, community_id, period),
        sortings=by("sorting"),
        categories=by("category"),
        handlers=by("handler"),
        months=_months(session, community_id, period, found),
        overdue_now=overdue_now(session, community_id, day),
        facts=found,
    )


def facts(session: Session, community_id: str, *, since: date, until: date) -> list[Fact]:
    """The suggestions received in these days, in the order of their numbers."""
    query = select(*COLUMNS).where(Suggestion.community_id == community_id, *_received(since, until))
    query = query.outerjoin(
        Handler, and_(Handler.community_id == Suggestion.community_id, Handler.id == Suggestion.handler_id)
    ).outerjoin(
        Rating,
        and_(
            Rating.community_id == Suggestion.community_id,
            Rating.suggestion_id == Suggestion.id,
            Rating.round == Suggestion.round,
        ),
    )
    query = query.order_by(Suggestion.year, Suggestion.number)
    return [_fact(row) for row in session.execute(query)]


def _fact(row: Any) -> Fact:
    state = State(row.state)
    return Fact(
        label=f"{row.year}-{row.number:04d}",
        category=row.category,
        sorting=row.sorting,
        handler=row.name or "",
        received_on=today(row.received_at),
        due_on=row.due_on,
        answered_on=today(row.answered_at) if row.answered_at is not None and state in DONE else None,
        paused_on=row.paused_on,
        stars=row.stars or 0,
        reopened=row.round > 1,
        outside=state in OUTSIDE,
    )


def anything(session: Session, community_id: str, period: Period) -> bool:
    """Whether anything was received."""
    query = select(Suggestion.id).where(Suggestion.community_id == community_id, *_received(period.start, period.end))
    return session.scalar(query.limit(1)) is not None


def channels(session: Session, community_id: str, period: Period) -> Sequence[tuple[str, int]]:
    """How many came in by each way. Not told of a single suggestion: that somebody has no telephone is their matter."""
    query = select(Suggestion.channel).where(
        Suggestion.community_id == community_id, *_received(period.start, period.end)
    )
    return rules.tally(session.scalars(query))


def overdue_now(session: Session, community_id: str, day: date) -> int:
    """How many are past their last day today, whenever they were received."""
    return reading.count(session, community_id, overdue_on=day)


def years(session: Session, community_id: str) -> Sequence[int]:
    """The years in which anything was received, the latest first."""
    query = select(Suggestion.year).where(Suggestion.community_id == community_id).distinct()
    return session.scalars(query.order_by(Suggestion.year.desc())).all()


def _months(
    session: Session, community_id: str, period: Period, found: Sequence[Fact]
) -> list[tuple[Period, int, int]]:
    """A year's months: how many were received, and how many a year before. A month has none."""
    if period.month is not None:
        return []
    last = period.shifted(-1)
    earlier = facts(session, community_id, since=last.start, until=last.end)

    def in_month(some: Sequence[Fact], month: Period) -> int:
        return sum(month.start <= fact.received_on <= month.end for fact in some)

    months = [Period(period.year, month) for month in range(1, 13)]
    return [(month, in_month(found, month), in_month(earlier, month.shifted(-12))) for month in months]


def _received(since: date, until: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (
        Suggestion.received_at >= datetime.combine(since, time(), CHINA),
        Suggestion.received_at < datetime.combine(until + timedelta(days=1), time(), CHINA),
    )
